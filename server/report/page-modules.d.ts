// The modules of the console's page that a report uses too.

declare module '*/console/page/base/dom.js' {
  import type { Markup, Paper } from './markup.ts';
  export function drawOn(paper: Paper): void;
  export function h(name: string, properties?: object, ...children: unknown[]): Markup;
  export function requestName(parts: readonly [string, string]): Markup;
}

declare module '*/console/page/base/format.js' {
  export function clock(at: number): string;
  export function ms(value: number | null): string;
  export function nameParts(request: object): [string, string];
  export function number(count: number): string;
  export function outcome(request: object): string;
}

declare module '*/console/page/base/export.js' {
  export function asRecording(entries: readonly object[]): string;
  export function stubDocument(service: string, methods: ReadonlyMap<string, ReadonlyMap<unknown, object>>): string;
}

declare module '*/console/page/views/related.js' {
  export function traceOf<One extends object>(request: One, all: Iterable<One>): { readonly request: One }[];
}

declare module '*/console/page/views/sequence.js' {
  import type { Markup } from '../report/markup.ts';
  export function sequence(entries: readonly object[], chosen: number, routers: ReadonlySet<string>, room: number): Markup;
}
