"""The types of condition values, RULES.md section 5. Each reader gives None for a text
that is not of the type."""

import base64
import binascii
import datetime
import ipaddress
import re
from decimal import Decimal

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)
LAST = datetime.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=datetime.timezone.utc)


def read_numeric(text):
    if len(text) <= 40 and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return Decimal(text)
    return None


DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})"
                  r"(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?")


def read_date(text):
    """Milliseconds since 1970."""
    seconds = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?", text)
    if seconds and not re.fullmatch("[0-9]{4}", text):
        ms = int(seconds[1]) * 1000 + int((seconds[2] or "").ljust(3, "0"))
        return ms if ms <= (LAST - EPOCH) // MILLISECOND else None
    found = DATE.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime.datetime(int(year), int(month or 1), int(day or 1), int(hour or 0),
                               int(minute or 0), int(second or 0),
                               int((fraction or "").ljust(3, "0")) * 1000,
                               tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    ms = (at - EPOCH) // MILLISECOND
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            return None
        ms -= (hours * 60 + minutes) * 60000 * (1 if zone[0] == "+" else -1)
    return ms


def read_bool(text):
    low = text.lower() if text.isascii() else text
    return {"true": True, "false": False}.get(low)


def read_binary(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def read_ip(text):
    """The network of an address or of address/prefix."""
    if not re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?", text):
        return None
    if re.search(r"/0[0-9]", text):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.version == 6 and network.subnet_of(MAPPED):
        v4 = int(network.network_address) & 0xffffffff
        return ipaddress.ip_network((v4, network.prefixlen - 96))
    return network


def read_address(text):
    """A value of a request is one address."""
    return None if "/" in text else read_ip(text)


def read_arn(text):
    """The six fields of a value."""
    fields = text.split(":", 5)
    return fields if fields[0] == "arn" and len(fields) == 6 else None


# What a listed value is.
READ = {"Numeric": read_numeric, "Date": read_date, "Bool": read_bool, "Null": read_bool,
        "Binary": read_binary, "Ip": read_ip}
# What a value of the request is.
READ_REQUEST = {"Numeric": read_numeric, "Date": read_date, "Bool": read_bool,
                "Binary": lambda text: text.encode(), "Ip": read_address, "Arn": read_arn,
                "String": lambda text: text}
