import Foundation
import Synchronization

/// A gateway behind a proxy that answers in its place: for every other charge after it was made,
/// for the rest before anything reached the gateway. Keys work as Stripe's do, which its first
/// answer has shown: until a gateway has shown it, what is not found is not sent again for a while.
final class LyingGateway: Sendable {
  enum Lie: String, CaseIterable, Sendable {
    case redirect, html, empty, truncated, created, noContent, forbidden, twice, paymentRequired

    func step(_ truth: String) -> ScriptedServer.Step {
      switch self {
      case .redirect: .json(302, "", headers: ["Location: /sign-in"])
      case .html: .json(200, Self.page)
      case .empty: .json(200, "")
      case .truncated: .json(200, String(truth.prefix(truth.count / 2)))
      case .created: .json(201, truth)
      case .noContent: .send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
      case .forbidden: .json(403, Self.page)
      case .twice: .json(200, #"{"status":"succeeded",\#(truth.dropFirst())"#)
      case .paymentRequired: .json(402, Self.page)
      }
    }

    private static let page = "<html><body>Sign in to the network</body></html>"
  }

  fileprivate struct State {
    var answers: [String: String] = [:]
    var charges: [String: Int] = [:]
    var isLying = true
    /// A charge has been answered truly.
    var hasShownItsKeys = false
    var lies = 0
  }

  let server: ScriptedServer
  private let state: Box

  private final class Box: Sendable { let state = Mutex(State()) }

  var lies: Int { state.state.withLock { $0.lies } }
  var chargesByInvoice: [String: Int] { state.state.withLock { $0.charges } }

  func tellTheTruth() { state.state.withLock { $0.isLying = false } }

  /// `lists`: also where the gateway is asked for its charges.
  init(_ lie: Lie, lists: Bool = false) throws {
    let box = Box()
    state = box
    server = try ScriptedServer([]) { request in
      box.state.withLock { state in
        let isFirst = !state.hasShownItsKeys && request.hasPrefix("POST")
        if isFirst { state.hasShownItsKeys = true }
        let isList = request.hasPrefix("GET /v1/charges?")
        let isLie = state.isLying && !isFirst && (lists || !isList)
        if isLie { state.lies += 1 }
        let arrives = !isLie || state.lies.isMultiple(of: 2)
        let truth =
          arrives ? state.answer(request) : #"{"id":"pi_0","object":"payment_intent","amount":1}"#
        return isLie ? lie.step(truth) : .json(200, truth, headers: State.repeatedKey(request))
      }
    }
  }
}

extension LyingGateway.State {
  /// The header with the request's key, which Stripe repeats in its answer.
  fileprivate static func repeatedKey(_ request: String) -> [String] {
    let head = request.components(separatedBy: "\r\n\r\n")[0]
    return head.components(separatedBy: "\r\n").filter {
      $0.lowercased().hasPrefix("idempotency-key:")
    }
  }

  fileprivate mutating func answer(_ request: String) -> String {
    guard request.hasPrefix("POST") else {
      let found = answers.filter { request.contains(Self.searched($0.key)) }.map(\.value)
      return
        #"{"object":"search_result","data":[\#(found.joined(separator: ","))],"has_more":false}"#
    }
    let parts = request.components(separatedBy: "\r\n\r\n")
    let key =
      Self.repeatedKey(request).first.map {
        String($0.dropFirst("idempotency-key: ".count))
      } ?? ""
    if let known = answers[key] { return known }
    let fields = Self.fields(parts[1])
    let invoice = fields["metadata[invoice]"] ?? ""
    charges[invoice, default: 0] += 1
    let amount = fields["amount"] ?? ""
    let json =
      #"{"id":"pi_\#(answers.count + 1)","object":"payment_intent","amount":\#(amount),"#
      + #""amount_received":\#(amount),"currency":"chf","status":"succeeded","metadata":"#
      + #"{"invoice":"\#(invoice)","account":"\#(fields["metadata[account]"] ?? "")","#
      + #""attempt":"\#(fields["metadata[attempt]"] ?? "")"}}"#
    answers[key] = json
    return json
  }

  /// `month-close/2026-11/a-1/1` as the search for it is written.
  private static func searched(_ key: String) -> String {
    let parts = key.split(separator: "/")
    let invoice = parts.dropFirst().dropLast().joined(separator: "%2F")
    return "%27\(invoice)%27%20AND%20metadata%5B%27attempt%27%5D%3A%27\(parts.last ?? "")%27"
  }

  private static func fields(_ body: String) -> [String: String] {
    var fields: [String: String] = [:]
    for pair in body.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map {
        String($0).removingPercentEncoding ?? ""
      }
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    return fields
  }
}
