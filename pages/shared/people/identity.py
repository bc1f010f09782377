"""From what an identity provider says of somebody to who acts; the one place that reads it.

Somebody is who the provider's `iss` and `sub` say together, never a name or an address: those may
change, and anybody may give themselves some. What Streamlit keeps is signed with `cookie_secret`.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.auth_util import (
    get_origin_from_redirect_uri,
    get_secrets_auth_section,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.starlette import starlette_websocket as signed
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from bandweave.errors import SettingError
from bandweave.workspace import owners, quotas
from bandweave.workspace.owners import NOBODY, SOMEBODY, Viewer

ADMIN = "BANDWEAVE_ADMIN"
SHORTEST_SECRET = 32
"""Characters of `cookie_secret`: who guesses it can sign as anybody."""
LONGEST_NAME = 80


def enforce() -> None:
    """Let people sign in where `[auth]` is among the app's secrets; called once, at the start.

    From then on it stays so, whatever becomes of that file. Raises `SettingError` where something
    is missing without which it would not be safe.
    """
    section: Mapping[str, Any] = get_secrets_auth_section()
    if not section:
        return
    _require(is_authlib_installed(), "Authlib is not installed.", "Run `make run` again.")
    secret = str(section.get("cookie_secret", ""))
    _require(
        len(secret) >= SHORTEST_SECRET,
        f"cookie_secret has {len(secret)} characters; it takes at least {SHORTEST_SECRET}.",
        "Make one: python -c 'import secrets; print(secrets.token_hex())'.",
    )
    found = providers()
    for name in found or ("default",):
        try:
            validate_auth_credentials(name)
        except StreamlitAuthError as error:
            raise SettingError(" ".join(str(error).split()), "See “Several people”.") from error
    _require(
        bool(_admin()),
        f"Sign-in is set up, but {ADMIN} does not say who is the administrator.",
        f"Set {ADMIN} to an e-mail address, or to the `sub` that the provider gives them.",
    )
    _require(
        "@" in _admin() or len(found) == 1,
        f"{ADMIN} is not an e-mail address, and there are {len(found)} providers.",
        "Two providers may give one `sub` to two people: state a verified e-mail address.",
    )
    _require(
        not st.get_option("server.trustedUserHeaders"),
        "server.trustedUserHeaders is set: a header would say who somebody is.",
        "Sign in with the provider alone.",
    )
    quotas.stated()
    owners.enforce(present)


def providers() -> tuple[str, ...]:
    """Return the names of the providers that people may sign in with; `default` for one unnamed."""
    section: Mapping[str, Any] = get_secrets_auth_section()
    named = [name for name, value in section.items() if _is_provider(value)]
    return ("default", *named) if "client_id" in section else tuple(named)


def present() -> Viewer | None:
    """Return whose session this thread runs; None where it runs none."""
    context = get_script_run_ctx(suppress_warning=True)
    return viewer_of(context.user_info) if context else None


def viewer_of_cookies(cookies: dict[str, str]) -> Viewer:
    """Return who a request with these cookies comes from."""
    stored = signed._get_signed_cookie_with_chunks(cookies, USER_COOKIE_NAME)  # noqa: SLF001
    origin = get_origin_from_redirect_uri()
    if not stored or not origin:
        return NOBODY
    return viewer_of(signed._parse_decoded_user_cookie(stored, origin))  # noqa: SLF001


def viewer_of(claims: Mapping[str, Any]) -> Viewer:
    """Return who has these claims; nobody where the provider does not say who they are."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    named = all(isinstance(each, str) and each for each in (issuer, subject))
    if claims.get("is_logged_in") is not True or not named:
        return NOBODY
    stated = json.dumps([issuer, subject]).encode()
    name = " ".join(str(claims.get("name") or claims.get("email") or SOMEBODY).split())
    return Viewer(
        hashlib.blake2b(stated, digest_size=10).hexdigest(), name[:LONGEST_NAME], _is_admin(claims)
    )


def _is_admin(claims: Mapping[str, Any]) -> bool:
    stated = _admin()
    if "@" in stated:
        verified = claims.get("email_verified") is True
        return verified and str(claims.get("email", "")).casefold() == stated.casefold()
    return bool(stated) and claims["sub"] == stated


def _admin() -> str:
    return os.environ.get(ADMIN, "").strip()


def _is_provider(value: object) -> bool:
    return isinstance(value, Mapping) and "client_id" in value


def _require(met: bool, message: str, hint: str) -> None:
    if not met:
        raise SettingError(message, hint)
