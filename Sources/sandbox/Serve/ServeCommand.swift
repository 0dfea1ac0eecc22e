import ArgumentParser
import Glibc

/// `sandbox serve`: the payment gateway.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a payment gateway with Stripe's behaviour and faults on demand.",
    discussion: ServeHelp.text)

  @Option(help: "Address and port; port 0 lets the system choose one.")
  var listen = ServeAddress(argument: "127.0.0.1:12111")!

  @Option(help: "JSON Lines log of every charge; read at start, then appended to, never truncated.")
  var log: String

  @Option(help: "A file with the seconds (may be negative) to add to this gateway's time.")
  var clockFile: String?

  @Option(name: .customLong("latency-ms"), help: "Milliseconds each request takes.")
  var latencyMilliseconds = 0

  @Option(
    help: "Refuse amounts below this, instead of each currency's own minimum (CHF: 50).")
  var smallestAmount: Int64?

  @Flag(help: "Treat every request as new, whatever Idempotency-Key it carries.")
  var withoutKeys = false

  @Option(help: "The secret key callers must send.")
  var key = "sk_test_sandbox"

  @Option(help: "A file whose first line is the secret key.")
  var keyFile: String?

  func validate() throws {
    guard latencyMilliseconds >= 0 else {
      throw ValidationError("--latency-ms is \(latencyMilliseconds); expected 0 or more.")
    }
  }

  func run() async throws {
    signal(SIGXFSZ, SIG_IGN)
    let clock = SandboxClock(file: clockFile)
    let gateway: Gateway
    do {
      gateway = try Gateway(
        log: log,
        options: .init(
          key: try secretKey(), latencyMilliseconds: latencyMilliseconds,
          smallestAmount: smallestAmount, ignoresKeys: withoutKeys, now: { clock.now() },
          logFailed: { fault in
            say(fault.description)
            Glibc.exit(1)
          }))
    } catch let fault as LogFault {
      throw Stop(sentence: fault.description)
    }
    try await serve(gateway)
  }

  private func secretKey() throws -> String {
    guard let keyFile else { return key }
    guard let first = readFirstLine(of: keyFile), !first.isEmpty else {
      throw Stop(sentence: "--key-file \(keyFile): expected a key in its first line")
    }
    return first
  }

  private func readFirstLine(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 512)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    let text = String(
      decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return String(text.prefix { !$0.isWhitespace })
  }

  /// Serves until SIGTERM or SIGINT. Requests in progress are abandoned; whatever was answered is
  /// on disk.
  private func serve(_ gateway: Gateway) async throws {
    let listen = listen
    let log = log
    let server = SandboxServer(gateway: gateway, host: listen.host, port: listen.port) { port in
      say("listening on \(listen.host):\(port), log \(log)")
    }
    do {
      try await untilStopped { try await server.run() }
    } catch {
      let reason =
        "\(error)".contains("errno: \(EADDRINUSE)")
        ? "another program is listening there; choose another port with --listen" : "\(error)"
      throw Stop(sentence: "cannot listen on \(listen.host):\(listen.port): \(reason)")
    }
  }
}

/// Ends the program with exit status 1 and one sentence.
struct Stop: Error, CustomStringConvertible {
  var sentence: String
  var description: String { sentence }
}

/// A line for people, on standard error.
func say(_ line: String) {
  let bytes = Array("sandbox: \(line)\n".utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)  // nobody reads it: nothing to be done
}

/// The long text of `sandbox serve --help`: the endpoints, and how to set faults. Lines stay below
/// 80 columns, at which the help would wrap them.
enum ServeHelp {
  static let text = """
    Implements the part of Stripe's API that month-close uses, over plain HTTP,
    for tests only:

      POST /v1/payment_intents
             amount, currency, confirm, off_session, payment_method, customer,
             metadata[…]
      POST /v1/payment_intents/ID/confirm
             payment_method, off_session
      GET  /v1/payment_intents/ID
      GET  /v1/payment_intents
             limit, starting_after, created[gte|gt|lte|lt]
      GET  /v1/payment_intents/search
             query=metadata['invoice']:'…' AND …, limit, page
      GET  /v1/charges, /v1/charges/ID
             paging as above, payment_intent

    Test cards have Stripe's names, such as pm_card_visa, pm_card_mastercard,
    pm_card_visa_chargeDeclinedInsufficientFunds,
    pm_card_visa_chargeDeclinedLostCard, pm_card_authenticationRequired.

    An Idempotency-Key works as at Stripe: the first answer is stored and
    replayed (even a 500), other parameters are an error, a key in use gives a
    409, and a key is forgotten after 24 hours of this gateway's time. With
    --without-keys, keys are ignored and every request is executed.

    Control interface, only from the loopback address and with the same key;
    bodies are JSON:

      GET    /_sandbox/summary        counts, sums, invoices charged twice
      GET    /_sandbox/charges        every succeeded charge; ?failed=true adds
                                      the failed ones
      GET    /_sandbox/faults         the faults that are set, with their hits
      POST   /_sandbox/faults         {"kind": KIND, "match": {…}, "ms": N,
                                       "retry_after": N}
      DELETE /_sandbox/faults[/ID]
      GET, POST, DELETE /_sandbox/outcomes
             card outcomes: {"account" or "payment_method": …, "times": N,
             "outcome": "succeeded" or a decline code}

    match: account, invoice, payment_method, path (a prefix; without it only
    POSTs under /v1/ match), nth (every nth matching request), times (at most
    this often). Faults and outcomes are kept in memory; the log, the charges
    and the stored answers survive a kill -9. Kinds of faults:

    \(kinds)
    """

  private static var kinds: String {
    InjectedFaultKind.allCases.map { kind in
      let name = kind.rawValue + String(repeating: " ", count: max(1, 18 - kind.rawValue.count))
      return "  \(name)\(kind.help)"
    }.joined(separator: "\n")
  }
}

/// `127.0.0.1:12111`, `[::1]:12111` or `localhost:0` (0: the system chooses a free port).
struct ServeAddress: ExpressibleByArgument, Sendable {
  var host: String
  var port: Int

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var host = String(argument[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return nil }
    self.host = host
    self.port = port
  }

  var defaultValueDescription: String { "\(host):\(port)" }
}
