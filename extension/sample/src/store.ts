/** Holds the model, and draws at most once a frame. */

import type { PayErrorShape } from "../../sdk/src/index";
import type { Model } from "./model";

export class Store {
  #model: Model;
  #due = false;

  constructor(model: Model, private readonly draw: (model: Model) => void) {
    this.#model = model;
  }

  get model(): Model {
    return this.#model;
  }

  update(change: Partial<Model>): void {
    this.#model = { ...this.#model, ...change };
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.draw(this.#model);
    });
  }

  /** Runs what a button does: one at a time, its error beside it. */
  async work(button: string, task: () => Promise<void>): Promise<void> {
    if (this.#model.busy !== null) return;
    this.update({ busy: button, error: null });
    try {
      await task();
    } catch (error) {
      this.update({ error: asShape(error) });
    } finally {
      this.update({ busy: null });
    }
  }
}

/** The SDK throws PayErrors; anything else is a fault of this page, and is said so. */
export function asShape(error: unknown): PayErrorShape {
  if (isShape(error)) return error;
  console.error(error);
  return { code: "unsupported", message: String(error), messageZh: null, retryable: false,
    retryAfterMs: null, requestId: null, reason: null, devices: null };
}

function isShape(error: unknown): error is PayErrorShape {
  return error instanceof Error && "code" in error && "retryable" in error;
}
