"""Measurements: what streaming costs, in one run on one machine, beside what others cost.

`make bench`, or `python -m benchmarks`, measures everything and writes `docs/benchmarks.md`; `--help` lists parts and options.
Nothing here is a test: figures depend on the machine. CPU seconds hold on a busy one, times on the wall do not.

| module     | what                                                                                       |
|------------|--------------------------------------------------------------------------------------------|
| `layers`   | CPU per chunk of each of nbstream's layers, beside httpx and json, the OpenAI SDK, litellm |
| `recorded` | the answer that they get, played from memory                                               |
| `peers`    | nbstream and other ways to show a stream, each in JupyterLab                               |
| `growth`   | long answers and several streams at once                                                   |
| `render`   | ways to show Markdown that grows, each in a bare page (`js/bench/render.ts` is its half)   |
| `huge`     | texts that are too much, in the same page                                                  |
| `corpus`   | the streamed text;  `methods`: the ways to show it, as code of a notebook's cells          |
| `browser`  | a page by Chromium's own protocol;  `probe.js`: what is noted in it;  `stage`: one showing |
| `report`   | the page of the docs                                                                       |
"""
