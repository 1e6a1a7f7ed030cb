"""Notices of failed runs: automations of the Prefect server that post to a webhook.

Its address is SENTIMENT_ALERT_WEBHOOK_URL; `deploy` renews them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.automations import AutomationCore, CallWebhook, EventTrigger
from prefect.blocks.webhook import Webhook
from prefect.types import SecretDict

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from pydantic import SecretStr

_BLOCK = "sentiloop-alerts"
_FAILURE = ("Failed", "TimedOut", "Crashed")
# What each automation is called, the states that it tells of, and what else their events must hold.
# A run that a person cancels is no news; one that another run of its deployment kept out is.
_NOTICES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "sentiloop: a flow run failed": (_FAILURE, {}),
    "sentiloop: a flow run found no slot": (
        ("Cancelled",),
        {"prefect.state-message": "Deployment concurrency limit reached."},
    ),
}
# Azure's common alert schema, as `sentiment.supervision.notices` writes it for the alert on bad
# predictions: one receiver takes both. The state's message stays on the server: it may be a
# library's, and quote a text.
_PAYLOAD = """{
  "schemaId": "azureMonitorCommonAlertSchema",
  "data": {
    "essentials": {
      "alertId": {{ event.id | string | tojson }},
      "alertRule": "Failed flow run",
      "severity": "Sev2",
      "signalType": "Log",
      "monitorCondition": "Fired",
      "monitoringService": "Prefect",
      "alertTargetIDs": [],
      "configurationItems": [{{ (flow.name ~ "/" ~ deployment.name) | tojson }}],
      "originAlertId": {{ flow_run.id | string | tojson }},
      "firedDateTime": {{ event.occurred | string | tojson }},
      "description": {{
        ("The run " ~ flow_run.name ~ " of the flow " ~ flow.name
          ~ " ended as " ~ flow_run.state.name) | tojson
      }},
      "essentialsVersion": "1.0",
      "alertContextVersion": "1.0"
    },
    "alertContext": {},
    "customProperties": {
      "state": {{ flow_run.state.name | tojson }},
      "page": {{ flow_run | ui_url | tojson }}
    }
  }
}
"""


def renew_notice(client: SyncPrefectClient, url: SecretStr | None) -> None:
    """Make the server post to this address whenever a run of ours fails; to none without one.

    An automation that somebody has paused stays paused.
    """
    for name in _NOTICES:
        existing = client.read_automations_by_name(name)
        if url is None:
            for earlier in existing:
                client.delete_automation(earlier.id)
            continue
        webhook = Webhook(url=url, headers=SecretDict({"Content-Type": "application/json"}))
        is_enabled = all(earlier.enabled for earlier in existing)
        automation = _automation(name, webhook, is_enabled=is_enabled)
        if existing:
            client.update_automation(existing[0].id, automation)
        else:
            client.create_automation(automation)


def _automation(name: str, webhook: Webhook, *, is_enabled: bool) -> AutomationCore:
    states, labels = _NOTICES[name]
    trigger = EventTrigger(
        expect={f"prefect.flow-run.{state}" for state in states},
        match={"prefect.resource.id": "prefect.flow-run.*", **labels},
        # Only runs of our deployments: a flow that another one calls has none, and its caller fails
        # with it.
        match_related={"prefect.resource.role": "deployment"},
        for_each={"prefect.resource.id"},
        threshold=1,
    )
    action = CallWebhook(block_document_id=webhook.save(_BLOCK, overwrite=True), payload=_PAYLOAD)
    about = "Posts to SENTIMENT_ALERT_WEBHOOK_URL."
    return AutomationCore(name=name, description=about, enabled=is_enabled, trigger=trigger, actions=[action])
