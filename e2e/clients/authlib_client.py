"""A command-line program that signs in with Authlib: authorization code with PKCE, refresh, revocation.

Arguments: the issuer, the client id, the redirect URI. A confidential client's secret comes in CLIENT_SECRET. Prints where the person should go as a line of JSON,
reads where the browser was sent back to from a line of standard input, and prints what came of it as a second line of JSON.
"""

import json
import os
import sys

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session


def main():
    issuer, client_id, redirect_uri = sys.argv[1:]
    metadata = requests.get(issuer + "/.well-known/oauth-authorization-server").json()
    session = OAuth2Session(
        client_id,
        os.environ.get("CLIENT_SECRET"),
        scope="account:read offline_access",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )

    code_verifier = generate_token(48)
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=code_verifier
    )
    print(json.dumps({"authorization_url": url}), flush=True)
    redirected = sys.stdin.readline().strip()

    token_endpoint = metadata["token_endpoint"]
    first = session.fetch_token(
        token_endpoint,
        authorization_response=redirected,
        state=state,
        code_verifier=code_verifier,
    )
    account = session.get(issuer + "/v1/me").json()["data"]["account"]

    second = session.refresh_token(token_endpoint)
    refreshed_status = session.get(issuer + "/v1/me").status_code

    revocation = session.revoke_token(metadata["revocation_endpoint"], token_type_hint="refresh_token")
    revoked_status = session.get(issuer + "/v1/me").status_code

    print(
        json.dumps(
            {
                "email": account["email"],
                "token_type": first["token_type"],
                "scope": first["scope"],
                "rotated": first["refresh_token"] != second["refresh_token"],
                "refreshed": refreshed_status,
                "revocation": revocation.status_code,
                "revoked": revoked_status,
                "access_tokens": [first["access_token"], second["access_token"]],
            }
        ),
        flush=True,
    )


main()
