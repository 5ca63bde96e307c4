"""The text of a fresh `case.toml`, with a word on each setting; `parse.py` reads it back."""

from sousveil.capture.guard.exits import exit_url
from sousveil.settings.values import Authority, Channel, Settings, Witness


def format_settings(settings: Settings) -> str:
    """Return a fresh `case.toml`; `parse_settings` reads it back."""
    topics = ", ".join(_quote(topic) for topic in settings.topics)
    hosts = ", ".join(_quote(host) for host in sorted(settings.allow_hosts))
    channels = "".join(_channel_line(one) for one in settings.alerts.channels.values())
    authorities = "".join(_authority_line(one) for one in settings.timestamps.authorities.values())
    calendars = "".join(
        f"{one.name} = {_quote(one.url)}\n" for one in settings.timestamps.calendars.values()
    )
    source = settings.timestamps.headers
    headers = "" if source is None else f"{source.kind} = {_quote(source.url)}\n"
    witnesses = "".join(_witness_line(one) for one in settings.witnesses.values())
    exits = "".join(f"{name} = {_quote(exit_url(one))}\n" for name, one in settings.exits.items())
    return f"""\
# Settings of this case. Edit them freely: they are no evidence, and the log does not need them.
title = {_quote(settings.title)}
operator = {_quote(settings.operator)}   # who answers for this case; a bundle withholds it
topics = [{topics}]   # what to look for: `sousveil topics list`

[capture]
user_agent = {_quote(settings.user_agent)}
delay_seconds = {settings.delay_seconds}   # between two requests to one host
# Private, loopback and link-local addresses are refused unless their host is named here,
# as "host", "host:port", an address or a network such as "10.1.0.0/16". They are your own, so
# they are asked without delay.
allow_hosts = [{hosts}]
exit = {_quote(settings.exit)}   # the way out that all go by whose watch names none, from [exits]

[exits]   # such as: tor = "socks5h://127.0.0.1:9050"
{exits}
[browser]
enabled = {str(settings.browser).lower()}   # also keep what Chromium shows, if there is one
tabs = {settings.tabs}   # pages looked at at once
page_seconds = {settings.page_seconds}   # for one page, at most

[review]
readings = {settings.readings}   # by different people, blind, before a decision counts

[witnesses]   # such as: ours = {{ url = "https://witness.example/", key = "NAME+ID+KEY" }}
{witnesses}
[timestamps]
every_hours = {settings.timestamps.every_hours}   # while `sousveil watch` runs

[timestamps.calendars]   # OpenTimestamps, such as: a = "https://calendar.example"
{calendars}
[timestamps.block_headers]   # such as: core = "http://127.0.0.1:8332", or esplora = "https://…"
{headers}
[timestamps.authorities]   # two at least, such as: a = {{ url = "http://tsa.example/tsr" }}
{authorities}
[alerts]
feed = {str(settings.alerts.feed).lower()}   # keep alerts.atom in this folder

[alerts.channels]   # such as: me = {{ url_env = "SOUSVEIL_ALERT_ME", tells = "count" }}
{channels}
[log]   # who signs this log: do not edit
origin = {_quote(settings.origin)}
key = {_quote(settings.key)}
"""


def _channel_line(channel: Channel) -> str:
    values = {"url": channel.url, "url_env": channel.url_env, "exit": channel.exit}
    told = "".join(f"{key} = {_quote(value)}, " for key, value in values.items() if value)
    return f"{channel.name} = {{ {told}tells = {_quote(channel.tells)} }}\n"


def _authority_line(authority: Authority) -> str:
    ca_file = f", ca_file = {_quote(authority.ca_file)}" if authority.ca_file else ""
    return f"{authority.name} = {{ url = {_quote(authority.url)}{ca_file} }}\n"


def _witness_line(witness: Witness) -> str:
    return f"{witness.name} = {{ url = {_quote(witness.url)}, key = {_quote(str(witness.key))} }}\n"


def _quote(text: str) -> str:
    """Return `text` as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
