// Python in a worker: fetches the interpreter and its library once, runs cells, and passes on what they send.
//
// Messages to it: {id, call: [name, ...arguments]}, a function of tab.py with its arguments.
// Messages from it: {progress: {done, total, text}}, {ready: true}, {sent: [kind, content]}, {id, reply},
// {failed: text} after which nothing more comes.
import { ConsoleStdout, Directory, File, OpenDirectory, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim";

const CACHE = "mlmkit-python";
const ENVIRONMENT = [
  "HOME=/home/student",
  "TMPDIR=/tmp",
  "MPLCONFIGDIR=/tmp",
  "IPYTHONDIR=/tmp/ipython",
  "MPLBACKEND=module://matplotlib_inline.backend_inline",
  "MLMKIT_QUIET=1",
  "PYTHONTZPATH=",
];
const START = `
import os, sys
sys.path.append("/packages")
os.chdir("/home/student")
import tab
`;

// The shim says that nothing may be written anywhere; Python asks before it writes.
const ALL = (1n << 30n) - 1n;
for (const kind of [OpenDirectory, OpenFile]) {
  const usual = kind.prototype.fd_fdstat_get;
  kind.prototype.fd_fdstat_get = function () {
    const found = usual.call(this);
    Object.assign(found.fdstat, { fs_rights_base: ALL, fs_rights_inherited: ALL });
    return found;
  };
}

let exports, reply;

onmessage = ({ data }) => {
  if (data.start) start(data.start).catch((error) => postMessage({ failed: sentence(error) }));
  else call(data);
};

function sentence(error) {
  return error instanceof Error ? error.message : String(error);
}

// `files`: {name: [size as sent, size unpacked]}, `base`: the folder of the files, `version`: changes with them.
async function start({ base, files, version }) {
  const total = Object.values(files).reduce((sum, [sent]) => sum + sent, 0);
  let done = 0;
  const cache = await opened(version);
  const read = async (name, type) => {
    const address = new URL(`${name}?${version}`, base).href;
    let response = await cache?.match(address);
    if (!response) {
      response = await fetch(address);
      if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}). Reload the page.`);
      if (cache) {
        // Kept as it was sent, compressed; a full disk is no reason to stop.
        cache.put(address, response.clone()).catch(() => {});
      }
    }
    const counted = response.body.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          done += chunk.byteLength;
          postMessage({ progress: { done, total } });
          controller.enqueue(chunk);
        },
      }),
    );
    // A server that says `Content-Encoding: gzip` has it unpacked already by the browser.
    const packed = !response.headers.get("content-encoding");
    const body = packed ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
    return new Response(body, { headers: { "Content-Type": type } });
  };
  const [module, library] = await Promise.all([
    read("python.wasm.gz", "application/wasm").then((response) => WebAssembly.compileStreaming(response)),
    read("library.bin.gz", "application/octet-stream").then((response) => response.arrayBuffer()),
  ]);
  await begin(module, tree(library));
}

async function opened(version) {
  try {
    const cache = await caches.open(CACHE);
    for (const old of await cache.keys()) if (!old.url.endsWith(`?${version}`)) await cache.delete(old);
    return cache;
  } catch {
    return null; // a page that was opened without https has no cache
  }
}

// Lays the files of library.bin out as folders; none of them is copied.
function tree(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const root = new Map();
  for (const [path, place, size] of JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))) {
    const parts = path.split("/");
    const name = parts.pop();
    let folder = root;
    for (const part of parts) {
      if (!folder.has(part)) folder.set(part, new Directory(new Map()));
      folder = folder.get(part).contents;
    }
    const file = new File([], { readonly: !/^(home|tmp)\//.test(path) });
    file.data = new Uint8Array(buffer, 4 + length + place, size);
    folder.set(name, file);
  }
  return root;
}

async function begin(module, root) {
  const console = (name) => {
    const decoder = new TextDecoder();
    return new ConsoleStdout((bytes) =>
      postMessage({ sent: ["stream", { name, text: decoder.decode(bytes, { stream: true }) }] }),
    );
  };
  const wasi = new WASI(
    ["/usr/local/bin/python.wasm"],
    ENVIRONMENT,
    [new OpenFile(new File([])), console("stdout"), console("stderr"), new PreopenDirectory("/", root)],
    { debug: false },
  );
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: wasi.wasiImport,
    host: { call: hear },
  });
  exports = instance.exports;
  wasi.initialize(instance);
  if (turn(START) !== 0) throw new Error("Python did not start. Reload the page.");
  postMessage({ ready: true });
  ahead();
}

// Loads what every lesson uses while the student reads; a cell that comes in between goes first.
const AHEAD = ["numpy", "pandas", "mlmkit", "formulaic", "mlmkit.fits.linear", "matplotlib.pyplot", "seaborn"];

function ahead() {
  const name = AHEAD.shift();
  if (!name) return;
  turn(`__import__("sys").modules["tab"].load_ahead("${name}")`);
  setTimeout(ahead, 20);
}

function place(bytes) {
  const pointer = exports.host_alloc(bytes.length) >>> 0;
  new Uint8Array(exports.memory.buffer).set(bytes, pointer);
  return pointer;
}

function turn(source) {
  const bytes = new TextEncoder().encode(source);
  return exports.turn(place(bytes), bytes.length);
}

// The one door that leads out of Python: it sends Jupyter's messages as JSON.
function hear(pointer, length, answerPointer, answerLength) {
  const bytes = new Uint8Array(exports.memory.buffer, pointer >>> 0, length >>> 0);
  const [kind, content] = JSON.parse(new TextDecoder().decode(bytes));
  if (kind === "reply") reply = content;
  else postMessage({ sent: [kind, content] });
  const view = (at, value) => new DataView(exports.memory.buffer).setUint32(at >>> 0, value, true);
  const empty = exports.host_alloc(0) >>> 0;
  view(answerPointer, empty);
  view(answerLength, 0);
  return 0;
}

function call({ id, call: [name, ...values] }) {
  reply = null;
  try {
    // JSON is Python but for three words.
    const literal = (value) => (typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
    turn(`__import__("sys").modules["tab"].${name}(${values.map(literal).join(", ")})`);
  } catch (error) {
    postMessage({ failed: `Python has ended (${sentence(error)}).` });
    return;
  }
  postMessage({ id, reply: reply ?? { status: "error", ename: "", evalue: "", traceback: [] } });
}
