"""Serves a scripted model on llama.cpp's own server (PyPI: xllamacpp), with weights made on the spot.

Usage: serve.py FOLDER

The model's weights are its script: after the control token of a state each token of the state's text leads to the next
(one-hot embeddings, blocks that do nothing, an output matrix that is the table of successors). The chat template looks at
the messages and chooses the state. So a whole run (a program, a sub-call, an answer) goes through a real server, with real
templates, tokens, streaming and usage, without downloading a model. A request that offers tools gets a call of one, which
the server takes out of the text and streams as such, and then an answer.

Prints the base URL, and ends when its standard input closes.
"""

import pathlib
import sys

import gguf
import numpy
import xllamacpp

WIDTH_STEP = 64
BLOCKS = 2
CONTEXT = 1 << 16

SCRIPT = {
    "look": "I look first.\n```repl\nfound = grep('needle')\n"
    "told = llm_query('SUBCALL: ' + found[0].text)\nprint('told:', told)\n```\n",
    "read": "it says forty-two",
    "call": '<tool_call>{"name": "grep", "arguments": {"pattern": "needle"}}</tool_call>',
    "tell": "A tool has found it in stack.txt:2",
    "answer": "That is enough.\n```repl\nFINAL(f'The text says {told} in {found[0].path}:{found[0].line}')\n```",
}

TEMPLATE = """{%- set last = messages[-1].content -%}
{%- if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.content %}{{ message.content }}{% endif %}
{%- for call in message.tool_calls or [] %}
<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>{% endfor %}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% if tools %}{% if messages[-1].role == 'tool' %}<|tell|>{% else %}<|call|>{% endif %}{% elif last.startswith('SUBCALL') %}<|read|>{% elif 'told:' in last %}<|answer|>{% else %}<|look|>{% endif %}{% endif %}"""

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


class Vocabulary:
    """Tokens and their kinds. Each token is a state of the script, so no text may occur twice."""

    def __init__(self):
        self.tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % byte for byte in range(256)]
        self.kinds = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256
        for char in map(chr, range(33, 127)):
            self.add(char, NORMAL)
        self.add("\u2581", NORMAL)
        self.add("<|im_start|>", CONTROL)

    def add(self, text, kind):
        encoded = text.encode()
        assert encoded not in self.tokens, f"the text {text!r} occurs twice"
        self.tokens.append(encoded)
        self.kinds.append(kind)
        return len(self.tokens) - 1

    def pieces(self, text):
        """Cuts a text behind white space, into pieces that are new."""
        start = 0
        while start < len(text):
            end = start + 2
            while end < len(text) and (text[start:end].encode() in self.tokens or not text[end - 1].isspace()):
                end += 1
            yield text[start:end]
            start = end


def scripted_vocabulary():
    """The tokens of the script, and which follows which."""
    vocabulary = Vocabulary()
    successors = {}
    lasts = []
    for state, text in SCRIPT.items():
        current = vocabulary.add(f"<|{state}|>", CONTROL)
        for piece in vocabulary.pieces(text):
            following = vocabulary.add(piece, USER_DEFINED)
            successors[current] = current = following
        lasts.append(current)
    end = vocabulary.add("<|im_end|>", CONTROL)
    successors.update(dict.fromkeys(lasts, end))
    return vocabulary, successors, end


def write_weights(path):
    vocabulary, successors, end = scripted_vocabulary()
    size = len(vocabulary.tokens)
    width = -(-size // WIDTH_STEP) * WIDTH_STEP
    heads, inner = 4, 128
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("scripted")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    writer.add_vocab_size(size)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_scores([-1.0 * number for number in range(size)])
    writer.add_token_types(vocabulary.kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(end)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)

    def zeros(*shape):
        return numpy.zeros(shape, numpy.float32)

    successor_table = zeros(size, width)
    for token, following in successors.items():
        successor_table[following, token] = 8.0
    writer.add_tensor("token_embd.weight", numpy.eye(size, width, dtype=numpy.float32))
    for block in range(BLOCKS):
        prefix = f"blk.{block}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{prefix}{norm}.weight", numpy.ones(width, numpy.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{prefix}{part}.weight", zeros(width, width))
        for part in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"{prefix}{part}.weight", zeros(inner, width))
        writer.add_tensor(f"{prefix}ffn_down.weight", zeros(width, inner))
    writer.add_tensor("output_norm.weight", numpy.ones(width, numpy.float32))
    writer.add_tensor("output.weight", successor_table)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(path):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.port = 0
    parameters.n_ctx = 2 * CONTEXT // 4
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.use_jinja = True
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    del server


def main():
    path = pathlib.Path(sys.argv[1]) / "scripted.gguf"
    write_weights(path)
    serve(path)


main()
