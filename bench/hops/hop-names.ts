/** Names of the ways a message can take, as they stand in tables, in the goals and in the JSON file. */
export const hopNames = {
  direct: 'direct',
  nginx: 'nginx',
  node: 'node http, piped',
  peer: 'http-proxy-3',
  recording: 'shadowcat proxy',
  notRecording: 'shadowcat proxy, recording off',
  cat: 'two cat processes',
  pump: 'byte pump in Node',
  wrap: 'shadowcat wrap',
  nodeAlone: 'node alone',
  serve: 'shadowcat serve',
} as const;
