import { Beside } from "./files.js";

// JupyterLite's kernel: it starts the worker, gives it cells, and passes on what they show.
//
// `base` is the folder with worker.js and the files it reads, `about` what about.json there says.

const STOPPED =
  "The cell was stopped. Python has been started anew, so all names are lost: run the cells again from the top.";
const ENDED = "Python has been started anew, so all names are lost: run the cells again from the top.";

// Starts a worker; what it says before a kernel listens is kept.
export function open(base, about, progress) {
  const worker = new Worker(new URL(`worker.js?${about.version}`, base), { type: "module" });
  const heard = [];
  worker.onmessage = ({ data }) => {
    if (data.progress) return progress(data.progress);
    if (data.ready) progress(null);
    heard.push(data);
  };
  worker.onerror = ({ message }) => worker.onmessage({ data: { failed: message || "Python did not start." } });
  worker.postMessage({ start: { base, ...about } });
  return { worker, heard };
}

// `early`: a worker that was opened while the page was still being built, for the first kernel.
// `contents`: a function that gives JupyterLite's files.
export function makeKernel({ BaseKernel, base, about, progress, early, contents }) {
  return class TabKernel extends BaseKernel {
    #worker = null;
    #started = null;
    #waiting = new Map(); // by number: what to do with the answer
    #number = 0;
    #beside;

    constructor(options) {
      super(options);
      this.#beside = new Beside(contents(), options.location ?? "");
      this.#start();
    }

    dispose() {
      if (!this.isDisposed) this.#end();
      super.dispose();
    }

    // Stops the running cell; no other way reaches a worker that computes.
    interrupt() {
      if (![...this.#waiting.values()].some(({ cell }) => cell)) return;
      this.#end("KeyboardInterrupt", STOPPED);
      this.#start();
    }

    #start() {
      const { worker, heard } = early ?? open(base, about, progress);
      early = null;
      this.#beside.forget();
      this.#worker = worker;
      this.#started = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          if (data.progress) progress(data.progress);
          else if (data.ready) resolve(progress(null));
          else if (data.sent) this.#show(...data.sent);
          else if (data.failed) {
            progress(null, data.failed);
            reject(new Error(data.failed));
            this.#end("KernelError", `${data.failed} ${ENDED}`);
          } else this.#answer(data.id, data);
        };
        for (const data of heard) worker.onmessage({ data });
      });
      this.#started.catch(() => {}); // said to those who wait for it
    }

    #end(ename = "", evalue = "") {
      this.#worker?.terminate();
      this.#worker = null;
      for (const [id, { cell }] of this.#waiting) {
        const error = { ename, evalue, traceback: [`${ename}: ${evalue}`] };
        if (cell && ename) this.publishExecuteError(error);
        this.#answer(id, { reply: { status: "error", ...error }, files: [] });
      }
    }

    #answer(id, answer) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      waiting?.resolve(answer);
    }

    async #ask(call) {
      return (await this.#askFor({ call })).reply;
    }

    async #askFor(asked, cell = false) {
      if (!this.#worker) this.#start();
      const id = ++this.#number;
      const answer = new Promise((resolve) => this.#waiting.set(id, { resolve, cell }));
      this.#started.then(
        () => this.#waiting.has(id) && this.#worker.postMessage({ id, ...asked }),
        () => {},
      );
      return answer;
    }

    #show(kind, content) {
      const count = this.executionCount;
      if (kind === "stream") this.stream(content);
      else if (kind === "display_data") this.displayData(content);
      else if (kind === "update_display_data") this.updateDisplayData(content);
      else if (kind === "execute_result") this.publishExecuteResult({ ...content, execution_count: count });
      else if (kind === "clear_output") this.clearOutput(content);
      else if (kind === "error") this.publishExecuteError(content);
    }

    async kernelInfoRequest() {
      return {
        status: "ok",
        implementation: "mlmkit-tab",
        implementation_version: "1",
        protocol_version: "5.3",
        banner: "Python in this tab",
        help_links: [],
        language_info: {
          name: "python",
          version: "3.15",
          mimetype: "text/x-python",
          file_extension: ".py",
          codemirror_mode: { name: "ipython", version: 3 },
          pygments_lexer: "ipython3",
          nbconvert_exporter: "python",
        },
      };
    }

    async executeRequest({ code, silent, store_history: kept }) {
      const call = ["run", code, Boolean(silent), Boolean(kept ?? true)];
      const say = (text) => this.stream({ name: "stderr", text });
      const { files, says } = await this.#beside.fresh();
      says.forEach(say);
      const { reply, files: written } = await this.#askFor({ call, files }, true);
      (await this.#beside.keep(written)).forEach(say);
      return { user_expressions: {}, payload: [], ...reply, execution_count: this.executionCount };
    }

    async completeRequest({ code, cursor_pos: cursor }) {
      return this.#ask(["complete", code, cursor]);
    }

    async inspectRequest({ code, cursor_pos: cursor, detail_level: detail }) {
      return this.#ask(["inspect", code, cursor, detail ?? 0]);
    }

    async isCompleteRequest({ code }) {
      return this.#ask(["is_complete", code]);
    }

    async commInfoRequest() {
      return { status: "ok", comms: {} };
    }

    inputReply() {}
    async commOpen() {}
    async commMsg() {}
    async commClose() {}
  };
}
