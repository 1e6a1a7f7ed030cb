"""Tell people of runs that failed: an automation of the Prefect server that posts to SENTIMENT_ALERT_WEBHOOK_URL. `deploy` renews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.automations import AutomationCore, CallWebhook, EventTrigger
from prefect.blocks.webhook import Webhook
from prefect.types import SecretDict

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from pydantic import SecretStr

NAME = "sentiloop: a flow run failed"
_BLOCK = "sentiloop-alerts"
_STATES = ("Failed", "TimedOut", "Crashed")
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
      "description": {{ ("The run " ~ flow_run.name ~ " of the flow " ~ flow.name ~ " ended as " ~ flow_run.state.name) | tojson }},
      "essentialsVersion": "1.0",
      "alertContextVersion": "1.0"
    },
    "alertContext": {},
    "customProperties": {"state": {{ flow_run.state.name | tojson }}, "page": {{ flow_run | ui_url | tojson }}}
  }
}
"""


def renew_notice(client: SyncPrefectClient, url: SecretStr | None) -> None:
    """Let the server post to this address whenever a run of ours fails, or to none; somebody who has paused the automation keeps it so."""
    there = client.read_automations_by_name(NAME)
    if url is None:
        for earlier in there:
            client.delete_automation(earlier.id)
        return
    webhook = Webhook(url=url, headers=SecretDict({"Content-Type": "application/json"}))
    automation = _automation(webhook, is_enabled=all(one.enabled for one in there))
    if there:
        client.update_automation(there[0].id, automation)
    else:
        client.create_automation(automation)


def _automation(webhook: Webhook, *, is_enabled: bool) -> AutomationCore:
    trigger = EventTrigger(
        expect={f"prefect.flow-run.{state}" for state in _STATES},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        # Only runs of our deployments: a flow that another one calls has none, and its caller fails
        # with it.
        match_related={"prefect.resource.role": "deployment"},
        for_each={"prefect.resource.id"},
        threshold=1,
    )
    action = CallWebhook(block_document_id=webhook.save(_BLOCK, overwrite=True), payload=_PAYLOAD)
    about = "Posts to SENTIMENT_ALERT_WEBHOOK_URL."
    return AutomationCore(name=NAME, description=about, enabled=is_enabled, trigger=trigger, actions=[action])
