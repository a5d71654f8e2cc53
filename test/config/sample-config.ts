/** A configuration that uses most of what there is, with comments and quoting of many kinds. */
export const sampleConfig = `# the gateway of the office
version: 1
policyMode: enforce

listeners:
  - name: main            # for everybody
    host: 127.0.0.1
    port: 7380
    publicUrl: https://gw.example
    tls: { cert: "\${file:/etc/tls/tls.crt}", key: "\${file:/etc/tls/tls.key}", clientCertificates: none }
    trustedProxies: [10.0.0.0/8]
    auth:
      mode: strict
      issuers:
        - issuer: https://idp.example
          audiences: [https://gw.example/mcp/github]
          jwksUri: https://idp.example/jwks
      apiKeys:
        - { id: ci, hash: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", roles: [ci], scopes: [mcp] }
    routes:
      - { path: /mcp/github, upstream: github, refusal: http, scopes: [mcp] }
      - path: /mcp/files
        upstream: files
        stepUp: [{ tools: ["delete_*"], scopes: [admin] }]

upstreams:
  github:
    balance: weighted-round-robin
    affinity: session
    instances:
      - { id: a, url: https://a.example/mcp, weight: 5 }
      - { id: b, url: https://b.example/mcp, weight: 1 }
    credentials: { bearer: "\${env:GITHUB_TOKEN}" }
    health: { kind: discover, interval: 10s, timeout: 2s, fall: 3, rise: 2 }
    breaker: { consecutive: 5, failureRate: 0.5, minimumCalls: 20, window: 30s, open: 5s, maxOpen: 300s }
    bulkhead: { maxConcurrent: 100, maxQueue: 200, queueTimeout: 5s }
    timeouts:
      connect: 5s
      firstByte: 55s
      tools: { "search_*": { total: 20m } }
    retries: { attempts: 2, tools: ["get_*"] }
  files:
    instances:
      - id: local
        command: npx
        args: [-y, "@modelcontextprotocol/server-filesystem", /data]
        env: { NODE_ENV: production, API_TOKEN: "\${vault:files}" }
        cwd: /data
    health: { kind: process }
    pinning: hold

limits:
  - { id: all, tier: global, algorithm: token-bucket, capacity: 1000, refill: 10000, per: 1m }
  - id: deletes
    tier: endpoint
    match: { methods: [tools/call], tools: ["delete_*"] }
    algorithm: sliding-window
    limit: 5
    per: 1m
    mode: enforce
    exempt: { addresses: [10.1.0.0/16], clients: ["ci-*"] }

policies:
  - id: no-prod-delete
    effect: deny
    match: { methods: [tools/call], servers: [files], tools: ["delete_*"] }
    when: 'args.path.startsWith("/prod") && !("admin" in principal.roles)'
    message: Deleting under /prod needs the admin role
defaults: { effect: allow, onError: deny, hideDenied: true }
rules: []

recording: { required: false, retention: { maxAge: 30d, maxSize: 2GiB } }
admin: { host: 127.0.0.1, port: 7391 }
logging: { level: info, format: json, levels: { access: warn } }
`;
