/** The worker. Listeners must stand at the top level: they are what wakes it. */

import { openShop } from "./shop";

openShop().startBackground();
