"""The first day's checks of Azure; docs/first-day.md explains the numbers in brackets."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import httpx

from infra.programs import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.first_day_asking import Place

Answer = tuple[bool | None, str]
_WRITE = "Microsoft.App/containerApps/write"
_BROAD = ("Container Apps Contributor", "Contributor", "Owner")
_PRICES = "https://prices.azure.com/api/retail/prices"
# What docs/deploy.md says, in US dollars, for vCPU and memory of the Consumption plan.
_SAID = {"Standard vCPU Active Usage": 0.000024, "Standard Memory Active Usage": 0.000003}
_ABOUT = 2  # prices differ between regions by less than this factor
_SECONDS = 60


def _serves_a_release(place: Place) -> Answer:
    state = place.state()
    live = state.find(state.stable)
    if live is None or live.is_placeholder:
        return False, "the placeholder runs: make a release"
    if not state.is_all_on(live.name):
        return None, f"a release is under way: {live.name} does not have all traffic"
    return "@sha256:" in live.image, f"{live.name} has all traffic: {live.image}"


def _lists_what_exists(place: Place) -> Answer:
    state = place.state()
    known = {one.name: one for one in state.revisions}
    gone = [one.revision for one in state.traffic if one.revision not in known]
    idle = [one.revision for one in state.traffic if not one.weight and not one.label]
    if gone:
        return False, f"the list names deleted revisions: {', '.join(gone)}"
    if idle:
        ended = [name for name in idle if not known[name].is_active]
        return (
            False,
            f"entries without weight: {', '.join(idle)}; of them ended: {', '.join(ended) or 'none'}",
        )
    return True, f"{len(state.traffic)} entries, {len(known)} revisions on record"


def _may_release(place: Place) -> Answer:
    """Whether an update by the release identity was accepted, as the activity log says."""
    writer = place.identities["release"]["principalId"]
    where = ("--resource-id", str(place.facts["id"]), "--offset", "30d", "--max-events", "500")
    writes = [
        event["status"]["value"]
        for event in place.az("monitor", "activity-log", "list", *where)
        if _is_by(event, writer) and event["authorization"]["action"].lower() == _WRITE.lower()
    ]
    if not writes:
        return None, "the release identity has changed nothing in 30 days: release first"
    return (
        "Succeeded" in writes,
        f"{len(writes)} entries in the activity log: {', '.join(sorted(set(writes)))}",
    )


def _is_by(event: dict[str, Any], principal: str) -> bool:
    claims = event.get("claims") or {}
    return principal in (event.get("caller"), *claims.values())


def _needs_less(place: Place) -> Answer:
    names = [one["roleDefinitionName"] for one in _assignments(place, "release")]
    return None, (
        f"the release identity has {', '.join(sorted(names))}; whether the roles on the environment and on "
        "the app's identity are needed, only a release of dev without them shows"
    )


def _reads_no_secret(place: Place) -> Answer:
    broad = [
        f"{name}: {one['roleDefinitionName']}"
        for name in ("release", "upkeep")
        for one in _assignments(place, name)
        if one["roleDefinitionName"] in _BROAD
    ]
    return not broad, "; ".join(broad) or "releases and upkeep have roles of our own"


def _assignments(place: Place, identity: str) -> list[dict[str, Any]]:
    principal = place.identities[identity]["principalId"]
    return list(place.az("role", "assignment", "list", "--assignee", principal, "--all"))


def _can_spool(place: Place) -> Answer:
    rows = place.query(
        "ContainerAppConsoleLogs_CL | where Log_s has 'cannot be written' or Log_s has 'Permission denied' "
        "| project Log_s | take 3"
    )
    lines = [str(row.get("Log_s", ""))[:120] for row in rows]
    return not lines, "; ".join(lines) or "no line of the console speaks of a folder that cannot be written"


def _keeps_the_trace(place: Place) -> Answer:
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    got = _get(f"{place.service}/readyz", headers).headers.get("X-Trace-Id")
    return got == trace, f"sent {trace[:8]}…, the service saw {str(got)[:8]}…"


def _has_rules(place: Place) -> Answer:
    rules = place.az("monitor", "scheduled-query", "list", "--resource-group", place.group)
    off = [rule["name"] for rule in rules if not rule["enabled"]]
    return bool(rules) and not off, f"off: {', '.join(off)}" if off else f"{len(rules)} alert rules are on"


def _is_healthy(place: Place) -> Answer:
    rules = place.az("monitor", "scheduled-query", "list", "--resource-group", place.group)
    path = "providers/Microsoft.ResourceHealth/availabilityStatuses/current?api-version=2023-07-01-preview"
    states = {
        rule["name"]: place.az("rest", "--method", "get", "--url", f"{rule['id']}/{path}")["properties"]
        for rule in rules
    }
    ill = [
        f"{name}: {one['availabilityState']}"
        for name, one in states.items()
        if one["availabilityState"] != "Available"
    ]
    return not ill, "; ".join(ill) or f"{len(states)} rules are available"


def _has_rows(place: Place) -> Answer:
    rows = place.query("AppRequests | summarize Rows = sum(ItemCount)")
    count = int((rows or [{"Rows": 0}])[0].get("Rows") or 0)
    return (True if count else None), f"{count} requests in the logs of the last day"


def _looks_right(_place: Place) -> Answer:
    return None, "open the workbook in the portal: are latencies shown in milliseconds (unit 23)?"


def _costs_what_is_said(place: Place) -> Answer:
    """Compare the prices in docs/deploy.md with Azure's public list, which needs no login."""
    region = str(place.facts["location"]).lower().replace(" ", "")
    query = f"serviceName eq 'Azure Container Apps' and armRegionName eq '{region}'"
    query += " and priceType eq 'Consumption'"
    items = json.loads(_get(_PRICES, {}, {"$filter": query}).text)["Items"]
    listed = {one["meterName"]: one["retailPrice"] for one in items if one["retailPrice"]}
    found = {name: listed[name] for name in _SAID if name in listed}
    if not found:
        return None, f"no known meter among {len(items)} prices of {region}: look them up"
    far = [name for name, price in found.items() if not 1 / _ABOUT <= price / _SAID[name] <= _ABOUT]
    return not far, ", ".join(f"{name} ${price:g} (said: ${_SAID[name]:g})" for name, price in found.items())


def _get(address: str, headers: dict[str, str], query: dict[str, str] | None = None) -> httpx.Response:
    try:
        return httpx.get(address, headers=headers, params=query, timeout=_SECONDS)
    except httpx.HTTPError as error:
        raise ProgramError(f"{address} does not answer ({type(error).__name__}): look there") from error


CHECKS: dict[str, Callable[[Place], Answer]] = {
    "a release serves, by its digest": _serves_a_release,
    "releases may change the app (12)": _may_release,
    "they need the environment and the identity for it (13, 14)": _needs_less,
    "releases and upkeep read no secret (19)": _reads_no_secret,
    "the image's user may write to the volume (26)": _can_spool,
    "the ingress keeps the trace (33)": _keeps_the_trace,
    "the list of traffic names what exists (42)": _lists_what_exists,
    "the alert rules are on (78)": _has_rules,
    "the alert rules are healthy (79)": _is_healthy,
    "requests reach the logs": _has_rows,
    "the workbook shows milliseconds (83)": _looks_right,
    "prices are about those of docs/deploy.md (90)": _costs_what_is_said,
}
