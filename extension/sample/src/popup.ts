/** Entry of popup.html. */

import { startPopup } from "./popup_app";
import { openShop } from "./shop";

void startPopup(openShop());
