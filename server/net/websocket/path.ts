/** Where on the HTTP port the WebSocket is. */
export const WEBSOCKET_PATH = '/xmpp-websocket';
