"""Reads a model at AIOZ, and runs it, with AIOZ's own Python SDK; prints what it saw as one JSON object.

Usage: aioz_model.py BASE_URL API_KEY
"""

import json
import sys

from aiozai_sdk import AiozAIClient
from aiozai_sdk.generated.models.request_create_presigned_url_request import RequestCreatePresignedUrlRequest
from aiozai_sdk.types import RetryConfig

base, key = sys.argv[1:]
client = AiozAIClient(api_key=key, base_url=base, timeout=30, retry_config=RetryConfig(max_retries=0))
models, tasks, storage = client.models.model, client.tasks.task, client.storage.storage

model = client.call_api(models.get_model_by_username_by_name, "lab", "up-scale").data
info = client.call_api(models.get_model_by_id_info, model.id).data
versioning = client.call_api(models.get_model_by_id_versioning, model.id).data
serving = client.call_api(models.get_model_by_id_serving, model.id).data
cost = client.call_api(models.get_model_by_id_task_cost, model.id).data
balance = client.call_api(client.core.core.get_balance).data
body = {"Input Image": "https://s3.example.org/x", "scale": 2}
task = client.call_api(tasks.post_model_by_id_task, model.id, body).data.data
details = [client.call_api(tasks.get_task_by_id_detail, task).data for _ in range(3)]
history = client.call_api(tasks.get_task_histories, limit=10, offset=0).data


def presigned(size):
    """The names of the fields that a file of this size is uploaded with."""
    asked = RequestCreatePresignedUrlRequest(folder="samples", mime="image/png", name="x.png", size=size)
    answer = client.call_api(storage.post_storage_upload_create_presigned_url, asked).data
    assert answer.endpoint and answer.download_url, answer
    return list(json.loads(answer.fields))


print(
    json.dumps(
        {
            "model": [model.id, model.username, model.price],
            "info_keys": list(info.input_format),
            "input_keys": list(versioning.input_format),
            "is_active": versioning.is_active,
            "serving": serving.serving,
            "cost": [cost.cost, cost.symbol, cost.unit],
            "balance": balance.balance,
            "task": task,
            "statuses": [detail.status for detail in details],
            "result": details[-1].result.result,
            "input_data": details[-1].input_data,
            "history": [record.task_id for record in history.records],
            "form": presigned(1000),
            "put": presigned(6 << 20),
        }
    )
)
