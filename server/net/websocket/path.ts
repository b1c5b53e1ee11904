/** The path of the WebSocket. */
export const WEBSOCKET_PATH = '/xmpp-websocket';
