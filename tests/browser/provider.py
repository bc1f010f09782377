"""An identity provider for tests: whoever is asked for by name is who signs in."""

import json
import secrets
import sys
import time

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

PEOPLE = {
    "ada": {"name": "Ada *Admin*", "email": "ada@example.org", "email_verified": True},
    "ben": {"name": "Ben ![x](http://elsewhere.example/x)", "email": "ben@example.org"},
    "eve": {"name": "Ada *Admin*", "email": "ada@example.org", "email_verified": False},
}
_key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig"})
_codes: dict[str, tuple[str, str | None]] = {}


def configuration(request: Request) -> JSONResponse:
    at = str(request.base_url).rstrip("/")
    return JSONResponse(
        {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def authorize(request: Request) -> HTMLResponse | RedirectResponse:
    asked = request.query_params
    if asked.get("who") not in PEOPLE:
        links = (f"<a href='{request.url}&who={who}'>{who}</a> " for who in PEOPLE)
        return HTMLResponse("".join(links))
    code = secrets.token_hex()
    _codes[code] = asked["who"], asked.get("nonce")
    return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")


async def token(request: Request) -> JSONResponse:
    form = await request.form()
    who, nonce = _codes.pop(str(form["code"]))
    now, at = int(time.time()), str(request.base_url).rstrip("/")
    claims = {"iss": at, "sub": who, "aud": "bandweave", "iat": now, "exp": now + 600}
    claims |= PEOPLE[who] | ({"nonce": nonce} if nonce else {})
    signed = jwt.encode({"alg": "RS256", "kid": "test"}, claims, _key)
    return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})


def keys(_: Request) -> JSONResponse:
    return JSONResponse({"keys": [json.loads(json.dumps(_key.as_dict(private=False)))]})


app = Starlette(
    routes=[
        Route("/.well-known/openid-configuration", configuration),
        Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]),
        Route("/keys", keys),
    ]
)

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
