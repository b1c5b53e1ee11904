import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A client for a page, written by hand: it uses the gateways as OpenSRF's JavaScript does. */
const SCRIPT = `
const message = (type, threadTrace, payload) => ({ __c: 'osrfMessage', __p: { threadTrace, type, payload, locale: 'en-US', tz: 'UTC', api_level: 1 } });
const call = (method, params) => ({ __c: 'osrfMethod', __p: { method, params } });

class Socket {
  static opened = 0;
  constructor(url) { this.url = url; this.sessions = new Map(); this.webSocket = null; this.waiting = []; }
  send(frame) {
    if (this.webSocket === null) this.open();
    const text = JSON.stringify(frame);
    if (this.webSocket.readyState === WebSocket.OPEN) this.webSocket.send(text);
    else this.waiting.push(text);
  }
  open() {
    this.webSocket = new WebSocket(this.url);
    this.webSocket.onopen = () => { Socket.opened++; for (const text of this.waiting.splice(0)) this.webSocket.send(text); };
    this.webSocket.onmessage = ({ data }) => {
      // OpenSRF's shared worker finds the thread like this.
      const thread = data.match(/"thread":"(.*?)"/)[1];
      const frame = JSON.parse(data);
      this.sessions.get(thread)?.came(frame);
    };
    this.webSocket.onclose = () => { this.webSocket = null; this.onclose?.(); };
  }
}

class Session {
  static count = 0;
  constructor(socket, service) { this.socket = socket; this.service = service; this.thread = String(Math.random()) + Date.now() + Session.count++; this.number = 0; this.requests = new Map(); socket.sessions.set(this.thread, this); }
  say(type, threadTrace, payload) { this.socket.send({ service: this.service, thread: this.thread, osrf_msg: [message(type, threadTrace, payload)] }); }
  connect() { return new Promise((resolve) => { this.onconnect = resolve; this.say('CONNECT', 0, 'null'); }); }
  disconnect() { this.say('DISCONNECT', 0, 'null'); }
  request(method, ...params) {
    return new Promise((resolve, reject) => {
      const number = this.number++;
      this.requests.set(String(number), { resolve, reject, results: [], buffer: '' });
      this.say('REQUEST', number, call(method, params));
    });
  }
  came(frame) {
    for (const { __p: one } of frame.osrf_msg) {
      const request = this.requests.get(one.threadTrace);
      if (frame.transport_error) { request.reject(new Error('transport error')); continue; }
      const { __c: name, __p: payload } = one.payload;
      const code = Number(payload.statusCode);
      if (name === 'osrfConnectStatus' && code === 200) this.onconnect();
      else if (code === 205) request.resolve(request.results);
      else if (name === 'osrfResultPartial') request.buffer += payload.content;
      else if (name === 'osrfResultPartialComplete') { request.results.push(JSON.parse(request.buffer)); request.buffer = ''; }
      else if (name === 'osrfResult') request.results.push(payload.content);
      else request.reject(new Error(code + ' ' + payload.status));
    }
  }
}

// As opensrf_xhr.js: a form with one message, a session bound by X-OpenSRF-to.
class XhrSession {
  constructor(url, service) { this.url = url; this.service = service; this.thread = String(Math.random()) + Date.now(); this.remote = null; }
  async say(type, threadTrace, payload) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'X-OpenSRF-thread': this.thread };
    if (this.remote === null) headers['X-OpenSRF-service'] = this.service;
    else headers['X-OpenSRF-to'] = this.remote;
    const response = await fetch(this.url, { method: 'POST', headers, body: 'osrf-msg=' + encodeURIComponent(JSON.stringify([message(type, threadTrace, payload)])) });
    if (response.status >= 400) throw new Error('HTTP ' + response.status);
    this.remote = response.headers.get('X-OpenSRF-from') ?? this.remote;
    const text = await response.text();
    return text === '' ? [] : JSON.parse(text);
  }
}
`;

/** Serves the page on its own port, so that its origin differs from the gateways'. @returns its URL. */
export async function servePage(t: TestContext): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!DOCTYPE html><title>OpenSRF</title><script>${SCRIPT}</script>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
