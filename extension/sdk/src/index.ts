export { WeChatIntegration } from "./wechat_integration";
export type { CallOptions } from "./wechat_integration";
export type { RefreshOptions } from "./keeper";
export type { RestoreOptions } from "./restore";
export { PayError } from "./errors";
export { qrElement, qrPath } from "./qr";
export type { QrOptions } from "./qr";
export type * from "./types";
