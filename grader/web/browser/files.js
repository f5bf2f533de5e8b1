// The files beside a notebook: what a student has uploaded, cells can read; what cells write, the file list shows.
//
// JupyterLite keeps files in the browser, and Python's worker has a folder in its memory. Before a cell runs, the
// worker gets what is new on this side; while it runs, and after it, this side gets what is new on the other.

const LARGEST = 50e6; // bytes
const NOTEBOOK = /\.ipynb$/;
const OF_COURSE = /\.ipynb$|\.practice\.json$|^glossary\.md$/; // Python has what it needs of these

export class Beside {
  #contents;
  #folder;
  #given = new Map(); // name: when the file had changed last that the worker has
  #kept = Promise.resolve([]); // files are kept one after the other, also those of a cell that was stopped meanwhile

  constructor(contents, folder) {
    this.#contents = contents;
    this.#folder = folder;
  }

  // A worker that begins anew has none of them; what was on its way to the one before counts no more.
  forget() {
    this.#given = new Map();
  }

  // Returns [name, bytes] of the files that are new for the worker, [name, null] of those that are gone, and sentences
  // about those that it can't have.
  async fresh() {
    const given = this.#given;
    await this.#kept;
    const files = [];
    const says = [];
    const listed = await this.#contents.get(this.#folder, { content: true }).catch(() => null);
    if (!listed) return { files, says };
    const { content } = listed;
    for (const name of given.keys()) {
      if (content.some((one) => one.name === name)) continue;
      given.delete(name);
      files.push([name, null]);
    }
    for (const { name, path, type, size, last_modified: changed } of content) {
      if (type !== "file" || OF_COURSE.test(name) || given.get(name) === changed) continue;
      try {
        if (size > LARGEST) says.push(`${name} is larger than 50 MB: cells can't read it here.\n`);
        else files.push([name, bytesOf(await this.#contents.get(path, { content: true }))]);
        given.set(name, changed);
      } catch {
        says.push(`${name} could not be read. Upload it again.\n`);
      }
    }
    return { files, says };
  }

  // Keeps what a cell has written ([name, bytes]) and deletes what it has deleted ([name, null]); returns sentences
  // about what could not be kept.
  keep(files) {
    const given = this.#given;
    return (this.#kept = this.#kept.then(async () => {
      const says = [];
      for (const file of files) says.push(...(await this.#keepOne(given, ...file)));
      return says;
    }));
  }

  async #keepOne(given, name, bytes) {
    const path = this.#folder ? `${this.#folder}/${name}` : name;
    if (!bytes) {
      given.delete(name);
      if (!OF_COURSE.test(name)) await this.#contents.delete(path).catch(() => {}); // it is gone already
      return [];
    }
    if (NOTEBOOK.test(name)) {
      // It may be the one that is open: what the student has typed would be lost.
      return [`Cells can't write notebooks here: ${name} will be gone when Python ends. Choose a name without .ipynb.\n`];
    }
    if (bytes.length > LARGEST) return [`${name} is larger than 50 MB: it will be gone when Python ends.\n`];
    try {
      const kept = await this.#contents.save(path, { name, path, type: "file", ...textOf(bytes) });
      given.set(name, kept.last_modified);
      return [];
    } catch {
      return [`The browser has no room to keep ${name}: it will be gone when Python ends.\n`];
    }
  }
}

export function bytesOf({ format, content }) {
  if (format === "base64") return Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  return new TextEncoder().encode(format === "json" ? JSON.stringify(content) : content);
}

function textOf(bytes) {
  try {
    return { format: "text", content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const parts = [];
    for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
    return { format: "base64", content: btoa(parts.join("")) };
  }
}
