/** What goes on when no page is open: alarms wake the worker, storage tells it what is new. */
import { asPayError } from "./errors";
import type { Keeper } from "./keeper";
import type { Orders } from "./orders";
import { unlessPolled } from "./poller";
import type { Restorer } from "./restore";
import type { Scene } from "./scene";
import type { Shelf } from "./shelf";
import type { ExtensionApi } from "./types";

const POLL = "poll";
const CARE = "care";
/** The shortest period that browsers allow. */
const POLL_MINUTES = 0.5;
const CARE_MINUTES = 360;
const GIVE_UP_MS = 86_400_000;

export interface Parts {
  readonly scene: Scene; readonly keeper: Keeper; readonly orders: Orders; readonly shelf: Shelf; readonly restorer: Restorer;
  readonly failed: (error: unknown) => void;
}

/** Register everything, at once: a listener that is added later misses what woke the worker. */
export function startBackground(parts: Parts, extension: ExtensionApi): void {
  const { scene } = parts;
  const quietly = (act: () => Promise<unknown>) => (): void => void act().catch(parts.failed);
  const onStart = quietly(async () => {
    await arm(parts, extension);
    await Promise.all([goOn(parts, extension), care(parts)]);
  });
  extension.runtime.onStartup.addListener(onStart);
  extension.runtime.onInstalled.addListener(onStart);
  extension.alarms.onAlarm.addListener(({ name }) => {
    if (name === scene.name(POLL)) quietly(() => goOn(parts, extension))();
    if (name === scene.name(CARE)) quietly(() => care(parts))();
  });
  scene.watch(["order"], quietly(() => arm(parts, extension)));
  quietly(() => arm(parts, extension))();
}

/** An alarm for the order while there is one that may still be paid; another, always, for the license. */
async function arm({ scene, orders }: Parts, { alarms }: ExtensionApi): Promise<void> {
  const kept = await orders.current();
  const open = kept !== null && kept.failure === null && kept.order?.status !== "closed"
    && scene.nowMs < (kept.order === null ? kept.startedAtMs : kept.order.expiresAt * 1000) + GIVE_UP_MS;
  await want(alarms, scene.name(POLL), open ? POLL_MINUTES : null);
  await want(alarms, scene.name(CARE), CARE_MINUTES);
}

async function want(alarms: ExtensionApi["alarms"], name: string, periodInMinutes: number | null): Promise<void> {
  const there = await alarms.get(name) !== undefined;
  if (periodInMinutes === null && there) await alarms.clear(name);
  if (periodInMinutes !== null && !there) await alarms.create(name, { periodInMinutes, delayInMinutes: periodInMinutes });
}

async function goOn(parts: Parts, extension: ExtensionApi): Promise<void> {
  await unlessPolled(parts.scene, () => parts.orders.advance());
  await arm(parts, extension);
}

/** Refresh what is due, ask again for a restore that waits, look at payments that came late. */
async function care({ keeper, restorer, shelf, failed }: Parts): Promise<void> {
  const acts = [async () => {
    if (await keeper.isDue()) await keeper.refresh();
  }, () => restorer.goOn(), () => shelf.lookBack()];
  for (const act of acts) await act().catch((error: unknown) => failed(asPayError(error)));
}
