import { StoreUnavailableError } from "@authchemy/tokens"

/** The database did not answer in time, or cannot be read or written. Nothing is known: the caller answers 503. */
export class DatabaseUnavailableError extends StoreUnavailableError {
  constructor(cause: unknown) {
    super(cause)
    this.name = "DatabaseUnavailableError"
    this.message = "the database is out of reach"
  }
}
