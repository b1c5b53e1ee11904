import type { ChopChopConfig } from '../config/config.ts';
import type { AllowedOrigins } from './origins.ts';

/** The pages that a configuration lets use the server. */
export function allowedOrigins({ domains, web, websocket }: Pick<ChopChopConfig, 'domains' | 'web' | 'websocket'>): AllowedOrigins {
  return { origins: [...web.origins, ...websocket.origins], crossOrigins: web.crossOrigins, domains };
}
