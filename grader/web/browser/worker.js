// Python in a worker: fetches the interpreter and its library once, runs cells, and passes on what they send.
//
// Messages to it: {id, call: [name, ...arguments], files}, a function of tab.py with its arguments; before it, `files`
// (lists of name and bytes, or of name and null for one that is gone) are put into the folder in which cells run.
// Messages from it: {progress: {done, total, text}}, {ready: true}, {sent: [kind, content]}, {written: files} while a
// cell runs, {id, reply, files} with all else that it has written or deleted there, {failed: text} after which nothing
// more comes.
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

const MEMORY = "memory.bin";

let exports, reply, kept, folder;

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
  kept = await opened(version);
  const read = async (name, type) => {
    const there = await kept.get(name);
    if (there) return there;
    const response = await fetch(new URL(`${name}.gz?${version}`, base).href);
    if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}). Reload the page.`);
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
    const unpacked = new Response(body, { headers: { "Content-Type": type } });
    kept.put(name, unpacked.clone());
    return unpacked;
  };
  const [module, library, memory] = await Promise.all([
    read("python.wasm", "application/wasm").then((response) => WebAssembly.compileStreaming(response)),
    read("library.bin", "application/octet-stream").then((response) => response.arrayBuffer()),
    kept.get(MEMORY).then((response) => response?.arrayBuffer()),
  ]);
  const root = tree(library);
  folder = root.get("home").contents.get("student").contents;
  for (const [name, file] of folder) both.set(name, file.data);
  await begin(module, root, memory);
}

// Files are kept unpacked, so that the next start has less to do.
async function opened(version) {
  try {
    const cache = await caches.open(CACHE);
    for (const old of await cache.keys()) if (!old.url.endsWith(`?${version}`)) await cache.delete(old);
    const address = (name) => `${name}?${version}`;
    return {
      get: (name) => cache.match(address(name)),
      put: (name, response) => cache.put(address(name), response).catch(() => {}), // a full disk is no reason to stop
      remove: (name) => cache.delete(address(name)),
    };
  } catch {
    const nothing = async () => undefined; // a page that was opened without https keeps nothing
    return { get: nothing, put: nothing, remove: nothing };
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

async function begin(module, root, memory) {
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
  try {
    if (memory) wake(wasi, instance, memory);
    else {
      wasi.initialize(instance);
      if (turn(START) !== 0) throw new Error();
    }
  } catch {
    await kept.remove(MEMORY); // whatever was wrong with it
    throw new Error("Python did not start. Reload the page.");
  }
  postMessage({ ready: true });
  ahead();
}

// Between two turns all that Python is lies in its memory: no stack, no open file. So an earlier start's memory,
// kept when modules were loaded and no cell had run, spares this start all that.
function wake(wasi, instance, memory) {
  wasi.inst = instance;
  const loaded = new DataView(memory).getUint32(0, true);
  const content = new Uint8Array(memory, 4);
  exports.memory.grow((content.length - exports.memory.buffer.byteLength) / PAGE);
  new Uint8Array(exports.memory.buffer).set(content);
  AHEAD.splice(0, loaded);
  before = AHEAD.length;
  if (turn('__import__("sys").modules["tab"].woken()') !== 0) throw new Error();
}

const PAGE = 65536;
let before = Infinity; // modules that were not loaded yet in the memory that is kept

// Keeps Python's memory as it is, once: when all is loaded, or before the first cell.
function sleep() {
  if (AHEAD.length < before) {
    const content = new Blob([new Uint32Array([ALL_AHEAD - AHEAD.length]), exports.memory.buffer]);
    kept.put(MEMORY, new Response(content));
  }
  before = 0;
}

// Loads what every lesson uses while the student reads; a cell that comes in between goes first.
const AHEAD = [
  "numpy",
  "pandas",
  "mlmkit",
  "formulaic",
  "mlmkit.fits.linear",
  "matplotlib.pyplot",
  "seaborn",
  "scipy.stats",
  "mlmkit.bayes.stan",
  "rehearsal",
];

const ALL_AHEAD = AHEAD.length;

function ahead() {
  if (!AHEAD.length) return sleep();
  const name = AHEAD.shift();
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

// The files beside the notebook that both sides have, and what they hold there: {name: bytes}. Those of the course are
// on both from the beginning.
const both = new Map();
const posted = new Map(); // {name: when a file of the running cell was posted last}
const AGAIN = 1000; // milliseconds: a file that is written again and again is not posted more often
let running = false;

// What is written into a file's bytes makes other bytes of them, without a copy.
for (const method of ["fd_write", "fd_pwrite"]) {
  const usual = OpenFile.prototype[method];
  OpenFile.prototype[method] = function (...values) {
    const answer = usual.apply(this, values);
    this.file.data = this.file.data.subarray();
    return answer;
  };
}

// A cell that is stopped later, or dies, has kept the files that it had closed.
OpenFile.prototype.fd_close = function () {
  if (running) closed(this.file);
  return 0;
};

function closed(file) {
  for (const [name, one] of folder) {
    if (one !== file || !changed(name, file) || Date.now() - (posted.get(name) ?? 0) < AGAIN) continue;
    postMessage({ written: [fresh(name, file)] });
    posted.set(name, Date.now());
  }
}

function put([name, bytes]) {
  both.delete(name);
  if (!bytes) return folder.delete(name);
  const file = new File([]);
  file.data = bytes;
  folder.set(name, file);
  both.set(name, bytes);
}

// Folders, and files whose names begin with a dot, stay here.
function changed(name, file) {
  return file instanceof File && !name.startsWith(".") && both.get(name) !== file.data;
}

function fresh(name, file) {
  both.set(name, file.data);
  return [name, file.data.slice()];
}

// Returns [name, bytes] of what cells have written since the last time, and [name, null] of what they have deleted.
function written() {
  const found = [];
  for (const [name, file] of folder) if (changed(name, file)) found.push(fresh(name, file));
  for (const name of both.keys()) {
    if (folder.has(name)) continue;
    both.delete(name);
    found.push([name, null]);
  }
  return found;
}

function call({ id, call: [name, ...values], files: given = [] }) {
  sleep(); // what students type, names and files get into Python's memory from here on
  for (const file of given) put(file);
  reply = null;
  posted.clear();
  running = name === "run" || name === "touched";
  try {
    // JSON is Python but for three words.
    const literal = (value) => (typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
    turn(`__import__("sys").modules["tab"].${name}(${values.map(literal).join(", ")})`);
  } catch (error) {
    postMessage({ written: written() });
    postMessage({ failed: `Python has ended (${sentence(error)}).` });
    return;
  }
  const files = running ? written() : [];
  running = false;
  reply ??= { status: "error", ename: "", evalue: "", traceback: [] };
  postMessage({ id, reply, files });
}
