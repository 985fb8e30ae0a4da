/** What this browser believes: pinned root ▶ signed key set ▶ lease ▶ own device key, and a clock that does not fall. */
import { Verifier } from "../../verifier/tongbao_verifier";
import type { Answer, Code, LeaseClaims, Options } from "../../verifier/tongbao_verifier";
import { verifyEd25519 } from "./ed25519";
import type { Scene } from "./scene";
import type { WeChatIntegrationOptions } from "./types";

type Trusted = Pick<WeChatIntegrationOptions, "roots" | "issuer" | "environment" | "product" | "minSeq">
  & Pick<Options, "ed25519" | "subtle">;
type KeptKeys = { readonly set: string; readonly seq: number };
type KeptClock = { readonly seenS: number; readonly askedAtMs: number };

const DAY_S = 86_400;
const SLOW_CLOCK_S = 3_600;
/** The time is noted this often, not at each look. */
const NOTE_EVERY_S = 600;
/** Said of a lease that is what it claims to be, at a time that does not fit. */
const TIMELY = ["NOT_YET_VALID", "LEASE_EXPIRED", "LICENSE_EXPIRED", "CLOCK_ROLLBACK"];

export class Trust {
  readonly #options: Trusted;
  readonly #scene: Scene;
  readonly #thumbprint: () => Promise<string>;
  #loaded: { readonly set: string; readonly verifier: Verifier } | null = null;

  constructor(options: Trusted, scene: Scene, thumbprint: () => Promise<string>) {
    this.#options = options;
    this.#scene = scene;
    this.#thumbprint = thumbprint;
  }

  /** What the verifier says to a lease now, on this device. */
  async verify(token: string): Promise<Answer> {
    const [verifier, refused] = await this.#verifier();
    const nowS = this.#scene.nowS;
    const seenS = (await this.#clock()).seenS;
    const answer = await verifier.verifyLease(token, nowS, await this.#thumbprint(), seenS);
    if (nowS > seenS + NOTE_EVERY_S) await this.#note({ seenS: nowS });
    // A set that ended was not loaded: then that is what is wrong, not the key.
    return answer.code === "UNKNOWN_KEY" && refused !== null ? { code: refused, ok: false } : answer;
  }

  /** Take a signed set from the server, if a root signed it and it is not older than what was seen. */
  takeKeys(set: string): Promise<Code> {
    return this.#scene.alone("keys", async () => {
      const kept = await this.#scene.read<KeptKeys>("keys");
      if (kept?.set === set) return "VALID";
      const verifier = this.#fresh(kept);
      const code = await verifier.loadKeys(set, this.#scene.nowS);
      if (code === "VALID") await this.#scene.write("keys", { set, seq: verifier.seq });
      return code;
    });
  }

  /** Whether a fresh lease from the server may replace the one that is kept. A lease of today says
   *  what day it is: a clock that agrees with it is right, whatever was seen before. */
  async acceptsFresh(token: string): Promise<Answer> {
    let answer = await this.verify(token);
    if (answer.code === "CLOCK_ROLLBACK") {
      const [verifier] = await this.#verifier();
      answer = await verifier.verifyLease(token, this.#scene.nowS, await this.#thumbprint(), null);
      if (answer.claims !== undefined && isToday(answer.claims, this.#scene.nowS)) {
        await this.#note({ seenS: this.#scene.nowS });
      }
    }
    return TIMELY.includes(answer.code) ? { code: answer.code, ok: true } : answer;
  }

  /** When the server was last asked, in milliseconds; 0: never. */
  async askedAtMs(): Promise<number> {
    return (await this.#clock()).askedAtMs;
  }

  noteAsked(): Promise<void> {
    return this.#note({ askedAtMs: this.#scene.nowMs });
  }

  async #verifier(): Promise<[Verifier, Code | null]> {
    const kept = await this.#scene.read<KeptKeys>("keys");
    if (kept !== null && this.#loaded?.set === kept.set) return [this.#loaded.verifier, null];
    const verifier = this.#fresh(kept);
    if (kept === null) return [verifier, null];
    const code = await verifier.loadKeys(kept.set, this.#scene.nowS);
    if (code !== "VALID") return [verifier, code];
    this.#loaded = { set: kept.set, verifier };
    return [verifier, null];
  }

  #fresh(kept: KeptKeys | null): Verifier {
    const minSeq = Math.max(whole(kept?.seq), this.#options.minSeq ?? 0);
    return new Verifier({ ed25519: verifyEd25519, ...this.#options, minSeq });
  }

  async #clock(): Promise<KeptClock> {
    const { seenS, askedAtMs } = await this.#scene.read<KeptClock>("clock") ?? {};
    return { seenS: whole(seenS), askedAtMs: whole(askedAtMs) };
  }

  #note(news: Partial<KeptClock>): Promise<void> {
    return this.#scene.alone("clock", async () => this.#scene.write("clock", { ...await this.#clock(), ...news }));
  }
}

function isToday(claims: LeaseClaims, nowS: number): boolean {
  return nowS >= claims.iat - SLOW_CLOCK_S && nowS < claims.iat + DAY_S + SLOW_CLOCK_S;
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : 0;
}
