import { open } from "./begin.js";
import { Beside, bytesOf } from "./files.js";

// JupyterLite's kernel: it starts the worker, gives it cells, and passes on what they show.
//
// `base` is the folder with worker.js and the files it reads, `about` what about.json there says.

const STOPPED =
  "The cell was stopped. Python has been started anew, so all names are lost: run the cells again from the top.";
const NOT_BEGUN = "The cell was stopped before it began. No name is lost: run it again when you like.";
const ENDED = "Python has been started anew, so all names are lost: run the cells again from the top.";

// `early`: a worker that was opened while the page was still being built, for the first kernel; or null.
// `contents`: a function that gives JupyterLite's files.
export function makeKernel({ BaseKernel, base, about, progress, early, contents }) {
  return class TabKernel extends BaseKernel {
    #worker = null;
    #started = null;
    #waiting = new Map(); // by number: what to do with the answer
    #number = 0;
    #beside;
    #files = []; // what the worker shall have before its next cell
    #widgets = new Set(); // those that Python has made, by the ids of their comms

    constructor(options) {
      super(options);
      this.#beside = new Beside(contents(), options.location ?? "");
      this.#start();
    }

    dispose() {
      if (!this.isDisposed) this.#end();
      super.dispose();
    }

    // Stops the running cell; no other way reaches a worker that computes. One that has not begun is just forgotten.
    interrupt() {
      const cells = [...this.#waiting.values()].filter(({ cell }) => cell);
      if (cells.some(({ given }) => given)) {
        this.#end("KeyboardInterrupt", STOPPED);
        this.#start();
      } else this.#forget("KeyboardInterrupt", NOT_BEGUN, ({ cell }) => cell);
    }

    #start() {
      // One that failed while nobody listened is tried once more.
      const failed = early?.heard.some(({ failed }) => failed);
      if (failed) early.worker.terminate();
      const { worker, heard } = early && !failed ? early : open(base, about, progress);
      early = null;
      this.#beside.forget();
      this.#files = [];
      for (const id of this.#widgets) this.#tell("comm_close", { comm_id: id, data: {} }); // nobody hears them now
      this.#worker = worker;
      this.#started = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          if (data.progress) progress(data.progress);
          else if (data.ready) resolve(progress(null));
          else if (data.sent) this.#show(...data.sent);
          else if (data.written) this.#keep(data.written);
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
      this.#forget(ename, evalue);
    }

    #forget(ename, evalue, which = () => true) {
      for (const [id, waiting] of this.#waiting) {
        if (!which(waiting)) continue;
        const error = { ename, evalue, traceback: [`${ename}: ${evalue}`] };
        if (waiting.cell && ename) this.publishExecuteError(error);
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
      const answer = new Promise((resolve) => this.#waiting.set(id, { resolve, cell, given: false }));
      this.#started.then(() => this.#give(id, asked)).catch(() => {}); // one that did not start has said so
      return answer;
    }

    // Gives a cell to the worker, after the files that it may read; anything else as it is.
    async #give(id, asked) {
      const cell = this.#waiting.get(id)?.cell;
      if (cell) await this.#refresh();
      const waiting = this.#waiting.get(id);
      if (!waiting) return; // stopped meanwhile
      waiting.given = true;
      this.#worker.postMessage({ id, ...asked, files: cell ? this.#files.splice(0) : [] });
    }

    async #refresh() {
      const { files, says } = await this.#beside.fresh();
      this.#files.push(...files);
      this.#say(says);
    }

    async #keep(files) {
      this.#say(await this.#beside.keep(files));
    }

    #say(sentences) {
      for (const text of sentences) this.stream({ name: "stderr", text });
    }

    // What is shown belongs to the cell that runs, or to the widget that was moved: JupyterLab knows where it goes.
    #show(kind, content) {
      const count = this.executionCount;
      const to = this.parent?.header;
      if (kind === "stream") this.stream(content, to);
      else if (kind === "display_data") this.displayData(content, to);
      else if (kind === "update_display_data") this.updateDisplayData(content, to);
      else if (kind === "execute_result") this.publishExecuteResult({ ...content, execution_count: count }, to);
      else if (kind === "clear_output") this.clearOutput(content, to);
      else if (kind === "error") this.publishExecuteError(content, to);
      else if (kind.startsWith("comm_")) this.#tell(kind, content, to);
    }

    // Tells JupyterLab of a widget that was made, that has changed, or that is gone.
    #tell(kind, { metadata = {}, buffers = [], ...content }, to) {
      if (kind === "comm_open") this.#widgets.add(content.comm_id);
      if (kind === "comm_close") this.#widgets.delete(content.comm_id);
      const bytes = buffers.map((one) => bytesOf({ format: "base64", content: one }));
      this.handleComm(kind, content, metadata, bytes, to);
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
      const call = ["run", code, Boolean(silent), Boolean(kept ?? true), JSON.stringify(this.parent)];
      const { reply, files } = await this.#askFor({ call }, true);
      await this.#keep(files);
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

    // Somebody has moved a widget, or JupyterLab asks which ones there are: Python that has none need not hear of it.
    async #touched({ header, content }) {
      if (this.#widgets.size) {
        const call = ["touched", JSON.stringify(this.parent)];
        await this.#keep((await this.#askFor({ call }, true)).files);
      } else if (content.data?.method === "request_states") {
        const data = { method: "update_states", states: {}, buffer_paths: [] };
        this.#tell("comm_msg", { comm_id: content.comm_id, data }, header);
      }
    }

    commOpen = (message) => this.#touched(message);
    commMsg = this.commOpen;
    commClose = this.commOpen;

    async commInfoRequest() {
      return { status: "ok", comms: {} };
    }

    inputReply() {}
  };
}
