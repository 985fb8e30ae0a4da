/** Entry of pay.html. */

import { startPage } from "./page";
import { openShop, SUPPORT } from "./shop";

startPage(openShop(), SUPPORT);
