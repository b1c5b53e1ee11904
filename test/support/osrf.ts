/** The output of OpenSRF's C library (3.1 and later) and Perl library, for raw peers. */

/** A request stanza in the C library's shape. */
export function cRequest(to: string, from: string, thread: string, messages: string, xid = ''): string {
  return `<message to="${to}" from="${from}"><opensrf router_from="" router_to="" router_class="" router_command="" osrf_xid="${xid}"/><thread>${thread}</thread><body>${messages}</body></message>`;
}

/** A listener's registration in the C library's shape. */
export function registration(command: 'register' | 'unregister', router: string, listener: string, service: string): string {
  return `<message to="${router}" from="${listener}"><opensrf router_from="" router_to="" router_class="${service}" router_command="${command}" osrf_xid=""/><body>registering</body></message>`;
}

/** A body of one REQUEST. */
export function requestBody(method: string, params: readonly unknown[] = [], threadTrace = '1'): string {
  return `[{"__c":"osrfMessage","__p":{"threadTrace":"${threadTrace}","locale":"en-US","ingress":"srfsh","api_level":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"${method}","params":${JSON.stringify(params)}}}}}]`;
}

/** A body of one CONNECT or DISCONNECT. */
export function sessionBody(type: 'CONNECT' | 'DISCONNECT'): string {
  return `[{"__c":"osrfMessage","__p":{"threadTrace":"0","locale":"en-US","api_level":1,"type":"${type}"}}]`;
}

/** A body of one STATUS. */
export function statusBody(status: string, statusCode: string, threadTrace = '1'): string {
  return `[{"__c":"osrfMessage","__p":{"threadTrace":"${threadTrace}","locale":"en-US","api_level":1,"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"${status}","statusCode":"${statusCode}"}}}}]`;
}

/** A body of one RESULT and its completion. */
export function resultBody(content: unknown, threadTrace = '1'): string {
  const head = `"threadTrace":"${threadTrace}","locale":"en-US","api_level":1`;
  return `[{"__c":"osrfMessage","__p":{${head},"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":${JSON.stringify(content)}}}}},{"__c":"osrfMessage","__p":{${head},"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]`;
}

/** The value of an attribute in a stanza's text, in either kind of quotes; `''`: none. */
export function attribute(stanza: string, name: string): string {
  const match = new RegExp(`[\\s]${name}=(?:'([^']*)'|"([^"]*)")`).exec(stanza);
  return match?.[1] ?? match?.[2] ?? '';
}
