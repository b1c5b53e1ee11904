// strophe.js in a web page. The test gives it what it needs: print(line), done() and parameters.
import * as strophe from 'strophe.js';
import { converse } from './strophe-conversation.js';

converse(strophe, globalThis.print, globalThis.done, globalThis.parameters);
