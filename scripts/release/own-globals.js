// The bundle uses these instead of the globals of the same names, as they were when it was loaded: tests replace globals, and so do jsdom and Jest. The exports of
// Node's modules stay Node's own even there.
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { URL, URLSearchParams } from 'node:url';
import { TextDecoder, TextEncoder } from 'node:util';
import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from '../../server/kernel/native.ts';

const { clearImmediate, queueMicrotask, structuredClone, AbortController, AbortSignal, Date: DateNow, Event, EventTarget, MessageChannel } = globalThis;

export {
  AbortController,
  AbortSignal,
  Buffer,
  clearImmediate,
  clearInterval,
  clearTimeout,
  DateNow as Date,
  Event,
  EventTarget,
  MessageChannel,
  performance,
  process,
  queueMicrotask,
  setImmediate,
  setInterval,
  setTimeout,
  structuredClone,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};
