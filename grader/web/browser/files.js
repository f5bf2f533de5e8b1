// The files beside a notebook: what a student has uploaded, cells can read; what cells write, the file list shows.
//
// JupyterLite keeps files in the browser, and Python's worker has a folder in its memory. Before a cell runs, the
// worker gets what is new on this side; after it, this side gets what is new on the other.

const LARGEST = 50e6; // bytes
const OF_COURSE = /\.ipynb$|\.practice\.json$|^glossary\.md$/; // Python has what it needs of these

export class Beside {
  #contents;
  #folder;
  #given = new Map(); // name: when the file had changed last that the worker has

  constructor(contents, folder) {
    this.#contents = contents;
    this.#folder = folder;
  }

  // A worker that begins anew has none of them.
  forget() {
    this.#given.clear();
  }

  // Returns [name, bytes] of the files that are new for the worker, [name, null] of those that are gone, and sentences
  // about those that it can't have.
  async fresh() {
    const files = [];
    const says = [];
    const listed = await this.#contents.get(this.#folder, { content: true }).catch(() => null);
    if (!listed) return { files, says };
    const { content } = listed;
    for (const name of this.#given.keys()) {
      if (content.some((one) => one.name === name)) continue;
      this.#given.delete(name);
      files.push([name, null]);
    }
    for (const { name, path, type, size, last_modified: changed } of content) {
      if (type !== "file" || OF_COURSE.test(name) || this.#given.get(name) === changed) continue;
      try {
        if (size > LARGEST) says.push(`${name} is larger than 50 MB: cells can't read it here.\n`);
        else files.push([name, bytesOf(await this.#contents.get(path, { content: true }))]);
        this.#given.set(name, changed);
      } catch {
        says.push(`${name} could not be read. Upload it again.\n`);
      }
    }
    return { files, says };
  }

  // Keeps what a cell has written; returns sentences about what could not be kept.
  async keep(files) {
    const says = [];
    for (const [name, bytes] of files) {
      if (bytes.length > LARGEST) {
        says.push(`${name} is larger than 50 MB: it will be gone when Python ends.\n`);
        continue;
      }
      const path = this.#folder ? `${this.#folder}/${name}` : name;
      try {
        const kept = await this.#contents.save(path, { name, path, type: "file", ...textOf(bytes) });
        this.#given.set(name, kept.last_modified);
      } catch {
        says.push(`The browser has no room to keep ${name}: it will be gone when Python ends.\n`);
      }
    }
    return says;
  }
}

function bytesOf({ format, content }) {
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
