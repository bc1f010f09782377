"""Keeps the web server from asking anybody outside: nothing is fetched but imagery asked for."""

from streamlit import net_util


def stay_offline() -> None:
    """Stop Streamlit from asking a server on the internet for this machine's address.

    It would, to check where a page that is not on localhost was opened from; what it may be is
    then said by `server.corsAllowedOrigins` alone.
    """
    net_util.get_external_ip = _unknown


def _unknown() -> None:
    return None
