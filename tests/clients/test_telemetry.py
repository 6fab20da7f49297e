"""What is told to a collector of OpenTelemetry, decoded by the protocol's own classes; and to a real Prometheus."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

SERVER = os.environ["RLM_SERVER"]
PROMETHEUS = pathlib.Path(os.environ["RLM_TEST_PROMETHEUS"])
SCHEMA = "https://opentelemetry.io/schemas/1.41.0"


@pytest.fixture
def collector():
    """The address of a collector, and the requests that it gets."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            requests.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()


def value(it):
    kind = it.WhichOneof("value")
    return [value(one) for one in it.array_value.values] if kind == "array_value" else getattr(it, kind)


def attributes(of):
    return {it.key: value(it.value) for it in of}


def query(folder, collector, *more):
    (folder / "secret-name.txt").write_text("the secret-word\n")
    command = [SERVER, "query", "Where is the secret-word?", str(folder), "--otlp", collector[0], *more]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "OpenTelemetry" not in ran.stderr
    return ran, dict(collector[1])


def decoded(kind, body):
    request = kind.FromString(body)
    # Nothing that the classes do not know, and nothing that they would write in another way.
    assert kind.FromString(request.SerializeToString()) == request
    [of_resource] = request.resource_spans if kind is ExportTraceServiceRequest else request.resource_metrics
    [of_scope] = of_resource.scope_spans if kind is ExportTraceServiceRequest else of_resource.scope_metrics
    about = attributes(of_resource.resource.attributes)
    assert about["service.name"] == "rlm" and len(about["service.instance.id"]) == 32
    assert of_scope.scope.name == "rlm" and of_scope.schema_url == of_resource.schema_url == SCHEMA
    assert b"secret" not in body
    return of_scope.spans if kind is ExportTraceServiceRequest else of_scope.metrics


def test_spans_are_a_tree_by_the_conventions(tmp_path, collector):
    ran, told = query(tmp_path, collector)
    assert ran.returncode == 0, ran.stderr
    spans = decoded(ExportTraceServiceRequest, told["/v1/traces"])
    ids = {span.span_id for span in spans}
    assert len(ids) == len(spans) > 4
    assert all(len(span.span_id) == 8 and len(span.trace_id) == 16 for span in spans)
    assert len({span.trace_id for span in spans}) == 1
    [whole] = [span for span in spans if not span.parent_span_id]
    assert whole.name == "rlm" and attributes(whole.attributes)["rlm.termination"] == "final"
    assert all(span.parent_span_id in ids for span in spans if span is not whole)
    starts = {span.span_id: span.start_time_unix_nano for span in spans}
    for span in spans:
        assert starts.get(span.parent_span_id, 0) <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.status.code == Status.STATUS_CODE_UNSET
    chats = [span for span in spans if span.name == "chat extractive"]
    assert chats and all(span.kind == Span.SPAN_KIND_CLIENT for span in chats)
    chat = attributes(chats[0].attributes)
    assert chat["gen_ai.operation.name"] == "chat" and chat["gen_ai.provider.name"] == "rlm"
    assert chat["gen_ai.request.model"] == "extractive" and chat["gen_ai.response.finish_reasons"] == ["stop"]
    assert chat["gen_ai.usage.input_tokens"] > 0 and chat["rlm.attempts"] == 1
    operations = {attributes(span.attributes).get("gen_ai.operation.name") for span in spans}
    assert {"chat", "invoke_agent", "execute_tool"} <= operations


def test_numbers_are_histograms_and_sums(tmp_path, collector):
    _, told = query(tmp_path, collector)
    metrics = {metric.name: metric for metric in decoded(ExportMetricsServiceRequest, told["/v1/metrics"])}
    for name, unit in [("gen_ai.client.token.usage", "{token}"), ("gen_ai.client.operation.duration", "s")]:
        assert metrics[name].unit == unit and metrics[name].histogram.aggregation_temporality == 2
        for point in metrics[name].histogram.data_points:
            assert sum(point.bucket_counts) == point.count > 0
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
            assert attributes(point.attributes)["gen_ai.request.model"] == "extractive"
    [runs] = metrics["rlm.runs"].sum.data_points
    assert runs.as_int == 1 and attributes(runs.attributes) == {"rlm.termination": "final"}
    assert metrics["rlm.runs"].sum.is_monotonic and runs.start_time_unix_nano < runs.time_unix_nano
    assert metrics["rlm.cost"].sum.data_points[0].as_double == 0


def test_a_failure_has_its_class(tmp_path, collector):
    model = ["--endpoint", "http://127.0.0.1:9/v1", "--model", "none", "--timeout", "3"]
    ran, told = query(tmp_path, collector, *model)
    assert ran.returncode != 0
    spans = decoded(ExportTraceServiceRequest, told["/v1/traces"])
    failed = [span for span in spans if span.status.code == Status.STATUS_CODE_ERROR]
    classes = {attributes(span.attributes)["error.type"] for span in failed}
    assert classes == {"unreachable"}, [(span.name, attributes(span.attributes)) for span in spans]


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


def until(wanted, what):
    """The first value that is something; a minute is more than any of this takes."""
    for _ in range(600):
        try:
            value = wanted()
        except OSError:
            value = None
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come")


class Editor:
    """A language server whose numbers are served, and the little of a client that asks it a question."""

    def __init__(self, folder, port):
        self.address = f"127.0.0.1:{port}"
        command = [SERVER, "lsp", "--metrics", self.address]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        folders = [{"uri": folder.as_uri(), "name": "folder"}]
        self.ask(1, "initialize", {"capabilities": {}, "processId": None, "rootUri": None, "workspaceFolders": folders})
        self.send({"method": "initialized", "params": {}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def ask(self, number, method, params):
        self.send({"id": number, "method": method, "params": params})
        while True:
            length = int(self.process.stdout.readline().split(b":")[1])
            while self.process.stdout.readline() != b"\r\n":
                pass
            message = json.loads(self.process.stdout.read(length))
            if message.get("id") == number:
                return message["result"]


def test_prometheus_takes_the_numbers_of_a_server(tmp_path):
    (tmp_path / "secret-name.txt").write_text("the secret-word\n")
    editor = Editor(tmp_path, free_port())
    prometheus = None
    try:
        editor.ask(2, "rlm/query", {"query": "Where is the secret-word?"})
        told = get(f"http://{editor.address}/metrics")
        assert "secret" not in told
        checked = subprocess.run([PROMETHEUS / "promtool", "check", "metrics"], input=told, capture_output=True, text=True)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "rlm", "static_configs": [{"targets": [editor.address]}]}],
        }
        (tmp_path / "prometheus.yml").write_text(json.dumps(config))
        address = f"127.0.0.1:{free_port()}"
        command = [
            PROMETHEUS / "prometheus",
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address={address}",
        ]
        with open(tmp_path / "log", "wb") as log:
            prometheus = subprocess.Popen(command, stdout=log, stderr=log)

        def value(query):
            url = f"http://{address}/api/v1/query?query={urllib.parse.quote(query)}"
            results = json.loads(get(url))["data"]["result"]
            return results[0]["value"][1] if results else None

        assert until(lambda: value('rlm_queries_total{termination="final",job="rlm"}'), "the number of questions") == "1"
        assert value("up") == "1" and value("rlm_queries_running") == "0"
    finally:
        for process in [editor.process, prometheus]:
            if process is not None:
                process.kill()
                process.wait()
