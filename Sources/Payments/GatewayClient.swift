import AsyncHTTPClient
import Billing
import Endpoints
import Logging

extension PaymentGateway {
  /// A gateway that speaks Stripe's PaymentIntents API, over one HTTP client.
  ///
  /// Redirects are not followed, answers are read up to 256 KiB, and each call ends within
  /// `timeoutSeconds`. HTTP/2 is used where TLS offers it, HTTP/1.1 otherwise with at most
  /// `maxConnections` connections. `requestSent` is called whenever all of a charge's request has
  /// left.
  public static func http(
    url: String, key: String, caFile: String? = nil, timeoutSeconds: Int, maxConnections: Int,
    logger: Logger,
    requestSent: (@Sendable () -> Void)? = nil
  ) throws -> PaymentGateway {
    let address = try GatewayAddress(url: url, key: key)
    if let caFile, !TLSDiagnosis.isCertificateFile(caFile) {
      throw PaymentGatewayError.unusableCAFile(Redaction.printable(caFile))
    }
    let keys = KeyEcho()
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton,
      configuration: .gateway(
        caFile: caFile, timeoutSeconds: timeoutSeconds, maxConnections: maxConnections))
    let caller = GatewayClient(
      exchange: GatewayExchange(
        client: client, address: address, caFile: caFile, timeoutSeconds: max(1, timeoutSeconds),
        requestSent: requestSent, keys: keys),
      logger: logger)
    return PaymentGateway(
      charge: { await caller.charge($0) },
      find: { await caller.find($0) },
      list: { try await caller.list(since: $0, after: $1) },
      payments: { await caller.payments(of: $0) }, address: address.base,
      keepsKeys: { keys.wasHeard },
      shutdown: {
        do { try await client.shutdown() } catch {
          logger.debug("the gateway client was already closed")
        }
      })
  }
}

extension HTTPClient.Configuration {
  fileprivate static func gateway(
    caFile: String?, timeoutSeconds: Int, maxConnections: Int
  ) -> Self {
    var configuration = Self()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .milliseconds(min(Int64(max(1, timeoutSeconds)) * 500, 10_000))
    // A refused connection is reported at once; when to retry is not for the client to decide.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, maxConnections)
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.minimumTLSVersion = .tlsv12
    if let caFile { configuration.tlsConfiguration?.trustRoots = .file(caFile) }
    return configuration
  }
}

/// The calls, and what their answers mean.
struct GatewayClient: Sendable {
  /// A search never needs more: one attempt has one payment.
  static let mostPages = 5

  var exchange: GatewayExchange
  var logger: Logger

  func charge(_ request: ChargeRequest) async -> GatewayAnswer {
    let answer: GatewayAnswer
    guard let form = GatewayForm.charge(request) else {
      return .rejected("the amount cannot be expressed in the gateway's units; it was not sent")
    }
    do {
      let reply = try await exchange.post(
        "/v1/payment_intents", form: form, key: request.key,
        traceparent: request.traceparent)
      answer = reply.answer(to: request)
      // Only from an answer that is provably the gateway's own; a proxy repeats anything.
      if case .succeeded = answer, reply.repeatsKey { exchange.keys.note() }
    } catch {
      answer = error.answer
    }
    note("charge", "\(answer)", request)
    return answer
  }

  func find(_ request: ChargeRequest) async -> GatewayLookup {
    let lookup = await search(request)
    note("lookup", "\(lookup)", request)
    return lookup
  }

  private func search(_ request: ChargeRequest) async -> GatewayLookup {
    switch await paymentIntents(GatewayForm.search(request), traceparent: request.traceparent) {
    case .success(let found): found.lookup(for: request)
    case .failure(let failure): failure.lookup
    }
  }

  /// Why a search has no result.
  struct SearchFailure: Error {
    var lookup: GatewayLookup

    init(_ lookup: GatewayLookup) { self.lookup = lookup }
  }

  /// All payments that a search finds.
  func paymentIntents(
    _ query: [(String, String)], traceparent: String? = nil
  ) async -> Result<[PaymentIntentReply], SearchFailure> {
    var found: [PaymentIntentReply] = []
    var fields = query
    for _ in 0..<Self.mostPages {
      let reply: GatewayReply
      do {
        reply = try await exchange.get(
          "/v1/payment_intents/search", query: GatewayForm.encode(fields),
          traceparent: traceparent)
      } catch {
        return .failure(SearchFailure(error.lookup))
      }
      switch reply.status {
      case 200: break
      case 401, 403: return .failure(SearchFailure(GatewayLookup(refused: reply.refusedKey)))
      default: return .failure(SearchFailure(.unknown("lookup: status \(reply.status)")))
      }
      guard let result = reply.decoded(GatewaySearchReply.self) else {
        return .failure(SearchFailure(.unknown("lookup: the answer is not the JSON of a search")))
      }
      found += result.data
      guard result.hasMore, let next = result.nextPage else { return .success(found) }
      fields = query + [("page", next)]
    }
    return .failure(
      SearchFailure(
        .unknown("lookup: more than \(Self.mostPages) pages of payments for one attempt")))
  }

  private func note(_ call: String, _ outcome: @autoclosure () -> String, _ request: ChargeRequest)
  {
    logger.debug(
      "gateway answered",
      metadata: [
        "call": "\(call)", "invoice": "\(request.invoice)", "attempt": "\(request.attempt)",
        "outcome": "\(outcome())",
        "trace": "\(request.traceID ?? "none")",
      ])
  }
}

extension GatewayExchange.Fault {
  fileprivate var answer: GatewayAnswer {
    switch self {
    case .oversized: .unknown("the answer is longer than 256 KiB")
    case .untrusted(let why): .untrusted(why)
    case .unreachable(let why): .unreachable(why)
    case .lost(let why): .unknown(why)
    }
  }

  fileprivate var lookup: GatewayLookup {
    switch self {
    case .oversized: .unknown("lookup: the answer is longer than 256 KiB")
    case .untrusted(let why): .untrusted(why)
    case .unreachable(let why): .unreachable(why)
    case .lost(let why): .unknown("lookup: \(why)")
    }
  }
}

extension GatewayLookup {
  fileprivate init(refused answer: GatewayAnswer) {
    switch answer {
    case .unauthorized(let why): self = .unauthorized(why)
    case .unreachable(let why): self = .unreachable(why)
    default: self = .unknown("lookup: \(answer)")
    }
  }
}

extension GatewayClient.SearchFailure {
  var answer: GatewayAnswer {
    switch lookup {
    case .unauthorized(let why): .unauthorized(why)
    case .untrusted(let why): .untrusted(why)
    case .unreachable(let why): .unreachable(why)
    case .unknown(let why): .unknown(why)
    case .found, .notFound: .unknown("no answer")
    }
  }
}

extension GatewayClient {
  /// By search, except for the last minute or so, which its index may not have yet.
  func payments(of invoice: String) async -> GatewayPayments {
    switch await paymentIntents(GatewayForm.search(invoice: invoice)) {
    case .failure(let failure): return .unanswered(failure.answer)
    case .success(let intents):
      var made: [GatewayCharge] = []
      for intent in intents where intent.status == "succeeded" {
        guard intent.metadata?["invoice"] == invoice, GatewayText.isID(intent.id) else {
          return .unanswered(.unknown("the search returned payments for another invoice"))
        }
        do {
          made += try await charges(of: intent.id, for: invoice)
        } catch {
          return .unanswered(.unknown("\(error)"))
        }
      }
      return .made(made)
    }
  }

  /// Only the charge itself shows what was refunded.
  private func charges(
    of payment: String, for invoice: String
  ) async throws(GatewayListFault) -> [GatewayCharge] {
    let fields = [("limit", "100"), ("payment_intent", payment)]
    return try await page(GatewayForm.encode(fields)).charges.filter {
      $0.payment == payment && $0.state == .succeeded
    }.map { charge in
      var charge = charge
      charge.invoice = invoice
      return charge
    }
  }
}
