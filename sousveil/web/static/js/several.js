// Several at once: "/" goes to the words.

import { key } from "./keys.js";

key("/", "Find other findings", () => document.getElementById("words").select());
