"""Drives a node with AIOZ's own Python SDK, and prints what it saw as one JSON object.

Usage: aioz_sdk.py BASE_URL API_KEY MODEL DATASET_URL
"""

import json
import sys

from aiozai_sdk import AiozAIClient
from aiozai_sdk.errors import AiozAPIError
from aiozai_sdk.generated.models.request_distribute_task_request import RequestDistributeTaskRequest
from aiozai_sdk.generated.models.request_get_model_list_request import RequestGetModelListRequest
from aiozai_sdk.types import RetryConfig

base, key, name, dataset = sys.argv[1:]
client = AiozAIClient(api_key=key, base_url=base, timeout=30, retry_config=RetryConfig(max_retries=0))
models, tasks = client.models.model, client.tasks.task


def refused(call, *args, **kwargs):
    """The HTTP status and message of a call that must be refused."""
    try:
        client.call_api(call, *args, **kwargs)
    except AiozAPIError as error:
        return [error.status_code, error.message]
    raise SystemExit(f"{call.__name__} was not refused")


listed = client.call_api(models.post_model_list, RequestGetModelListRequest(search=name, limit=10, offset=0))
model = next(m for m in listed.data.records if m.name == name)
named = client.call_api(models.get_model_by_username_by_name, model.username, model.name)
by_id = client.call_api(models.get_model_by_id, model.id)
info = client.call_api(models.get_model_by_id_info, model.id)
versioning = client.call_api(models.get_model_by_id_versioning, model.id)
serving = client.call_api(models.get_model_by_id_serving, model.id)
cost = client.call_api(models.get_model_by_id_task_cost, model.id)
balance = client.call_api(client.core.core.get_balance)

submitted = client.call_api(tasks.post_model_by_id_task, model.id, {"input": dataset, "parameters": "{}"})
task = submitted.data.data
old = client.call_api(
    tasks.post_task, RequestDistributeTaskRequest(model_id=model.id, input_params={"input": dataset})
)
detail = client.call_api(tasks.get_task_by_id_detail, task)
history = client.call_api(tasks.get_task_histories, limit=10, offset=0)
canceled = client.call_api(tasks.delete_task_by_id_cancel, task)
after = client.call_api(tasks.get_task_by_id_detail, task)

stranger = AiozAIClient(api_key="not a key", base_url=base, retry_config=RetryConfig(max_retries=0))
client_key_error = None
try:
    stranger.call_api(stranger.core.core.get_balance)
except AiozAPIError as error:
    client_key_error = error.status_code

print(
    json.dumps(
        {
            "listed": [m.name for m in listed.data.records],
            "total": listed.data.total,
            "ids_agree": model.id == named.data.id == by_id.data.id == info.data.model_id == versioning.data.model_id,
            "input_format": info.data.input_format,
            "is_active": versioning.data.is_active,
            "serving": serving.data.serving,
            "cost": [cost.data.cost, cost.data.symbol, cost.data.unit],
            "balance": [balance.data.balance, balance.data.wallet_address],
            "statuses": [submitted.status, detail.data.status, canceled.status, after.data.status],
            "task_ids_agree": task == detail.data.id == detail.data.task_id,
            "messages": [detail.data.message, after.data.message],
            "input_data": detail.data.input_data,
            "history": [[r.id == old.data.data, r.id == task] for r in history.data.records],
            "history_total": history.data.total,
            "refused_input": refused(tasks.post_model_by_id_task, model.id, {"image": dataset}),
            "refused_model": refused(models.get_model_by_id_info, "no-such-model"),
            "refused_cancel": refused(tasks.delete_task_by_id_cancel, task),
            "wrong_key": client_key_error,
        }
    )
)
