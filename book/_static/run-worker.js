// Python in a worker of the page: Pyodide, NumPy and the book's package, all from this site. What comes is {setup, code}; what goes
// is {kind: "status" | "text" | "html" | "error" | "done", text}.
const tell = (kind, text) => postMessage({ kind, text });
const MOST = 20000; // characters that a run may print

let ready;
async function start() {
  tell("status", "Fetching Python, 9 MB the first time …");
  importScripts("pyodide/pyodide.js");
  const python = await loadPyodide();
  tell("status", "Loading NumPy …");
  await python.loadPackage("numpy", { messageCallback() {} });
  tell("status", "Loading the book’s package …");
  const file = async (name) => {
    const answer = await fetch(name, { cache: "no-cache" }); // it may be a newer one of the same name
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return answer;
  };
  const wheel = await (await file("pyodide/wheel.json")).json();
  python.unpackArchive(await (await file(wheel)).arrayBuffer(), "wheel");
  python.FS.writeFile("/home/pyodide/run_cell.py", await (await file("run.py")).text());
  return python.pyimport("run_cell").run;
}

/** Passes on what is said, printed lines not one by one. */
function collector() {
  let waiting = "", length = 0, last = 0;
  const pass = () => { if (waiting) tell("text", waiting); waiting = ""; last = performance.now(); };
  const say = (kind, text) => {
    if (kind !== "text") { pass(); tell(kind, text); return; }
    if (length > MOST) return;
    length += text.length;
    waiting += length > MOST ? "\n… and more, which is left out" : text;
    if (performance.now() - last > 100) pass();
  };
  return { say, pass };
}

onmessage = async ({ data: { setup, code } }) => {
  try {
    const run = await (ready ??= start());
    tell("status", "Running …");
    const begun = performance.now(), { say, pass } = collector();
    run(setup, code, say);
    pass();
    tell("done", `Done in ${((performance.now() - begun) / 1000).toPrecision(2)} s.`);
  } catch (error) {
    ready = undefined;
    tell("failed", String(error.message ?? error));
  }
};
