import type { Command, CommandContext, Result } from "../../command.ts"
import type { Probes } from "../../doctor/probes.ts"
import { interrupted } from "../../errors.ts"

export type DoctorOptions = { fix: boolean; offline: boolean }

export const command: Command<DoctorOptions> = {
  parse: (_operands, raw) => ({ fix: raw.fix === true, offline: raw.offline === true }),
  run: doctorRun,
}

/**
 * Looks for what keeps sign-in from working, on this machine and on the way to the servers, in less than five seconds. Changes nothing
 * without `--fix`, but for the config file's mode, which every command mends. Exit 1 where something is, or still is, wrong.
 *
 * @param probes how the machine is touched; really where left out
 */
export async function doctorRun(
  options: DoctorOptions,
  context: CommandContext,
  probes?: Probes,
): Promise<Result> {
  const [{ examine }, { createPatient }, { systemProbes }, { doctorText }] = await Promise.all([
    import("../../doctor/examine.ts"),
    import("../../doctor/patient.ts"),
    import("../../doctor/probes.ts"),
    import("../../doctor/doctor-text.ts"),
  ])
  const patient = createPatient(context, probes ?? systemProbes(context.platform), options.offline)
  const reports = await context.report.working("the checks", (update) => examine(patient, options, update))
  if (context.signal.aborted) throw interrupted()
  const ok = reports.every(({ verdict }) => verdict !== "problem")
  return {
    data: { ok, checks: reports.map(({ fixable: _, ...report }) => report) },
    text: (style) => doctorText(reports, style, options.fix),
    verbatim: true,
    exitCode: ok ? 0 : 1,
  }
}
