"""A command-line program that signs in with Requests-OAuthlib: authorization code with PKCE, refresh, revocation.

Arguments: the issuer, the client id, the redirect URI. A confidential client's secret comes in CLIENT_SECRET. Prints where the person should go as a line of JSON,
reads where the browser was sent back to from a line of standard input, and prints what came of it as a second line of JSON.
"""

import base64
import hashlib
import json
import os
import secrets
import sys

import requests
from oauthlib.oauth2 import WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session


def main():
    issuer, client_id, redirect_uri = sys.argv[1:]
    client_secret = os.environ.get("CLIENT_SECRET")
    metadata = requests.get(issuer + "/.well-known/oauth-authorization-server").json()
    client = WebApplicationClient(client_id)
    session = OAuth2Session(
        client=client,
        scope=["account:read", "offline_access"],
        redirect_uri=redirect_uri,
    )

    # The version in Debian 12 leaves PKCE to its caller.
    code_verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(code_verifier.encode()).digest()
    url, _state = session.authorization_url(
        metadata["authorization_endpoint"],
        code_challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        code_challenge_method="S256",
    )
    print(json.dumps({"authorization_url": url}), flush=True)
    redirected = sys.stdin.readline().strip()

    # It checks `state`, and sends the client id by Basic, with an empty secret where there is none.
    token_endpoint = metadata["token_endpoint"]
    first = session.fetch_token(
        token_endpoint,
        authorization_response=redirected,
        client_secret=client_secret,
        code_verifier=code_verifier,
    )
    account = session.get(issuer + "/v1/me").json()["data"]["account"]

    # A refresh says nothing of the client unless it is told to.
    auth = HTTPBasicAuth(client_id, client_secret) if client_secret else None
    second = session.refresh_token(token_endpoint, auth=auth)
    refreshed_status = session.get(issuer + "/v1/me").status_code

    revocation_url, headers, body = client.prepare_token_revocation_request(
        metadata["revocation_endpoint"], second["refresh_token"], "refresh_token"
    )
    revocation = session.post(revocation_url, data=body, headers=headers, auth=auth)
    revoked_status = session.get(issuer + "/v1/me").status_code

    print(
        json.dumps(
            {
                "email": account["email"],
                "token_type": first["token_type"],
                "scope": " ".join(first["scope"]),
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
