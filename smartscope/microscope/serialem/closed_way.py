"""Where SerialEM may be reached: on this computer, or on a network that a site says is closed.

SerialEM asks nobody for a password, so a port that others can reach is a column that others drive.
"""

from __future__ import annotations

import ipaddress

from smartscope.microscope.errors import BadInstrumentSettings

#: a site's word: the end of a tunnel, or a network on which the bridge's computer alone is admitted
TUNNEL, CLOSED_NETWORK = "tunnel", "closed_network"
LINKS = (TUNNEL, CLOSED_NETWORK)


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host`, a name or an address, stays on this computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_closed(host: str, link: str) -> None:
    """Raises BadInstrumentSettings for another computer of which no site said the way is closed."""
    if link != CLOSED_NETWORK and not is_loopback(host):
        raise BadInstrumentSettings(
            f"host is {host}, another computer, and SerialEM asks nobody for a password. Forward "
            "its port by SSH and set host to 127.0.0.1; or, once its firewall admits the bridge's "
            'computer alone, say so with "link": "closed_network".'
        )
