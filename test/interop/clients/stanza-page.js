// stanza in a web page. The test gives it what it needs: print(line), done() and parameters.
import * as stanza from 'stanza';
import { converse } from './stanza-conversation.js';

converse(stanza, globalThis.print, globalThis.done, globalThis.parameters);
