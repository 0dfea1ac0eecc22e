import Billing
import Synchronization

@testable import Mail
@testable import Payments
@testable import Services

/// A gateway on paper: Stripe's idempotency over a dictionary, and answers on demand.
final class PaperGateway: Sendable {
  struct Charge: Sendable, Equatable {
    var id: String
    var invoice: String
    var account: String
    var amountMinor: Int64
    var attempt: Int? = 1
    var currency = "CHF"
    var refundedMinor: Int64 = 0
    var state = GatewayCharge.State.succeeded
  }

  struct Books: Sendable {
    var answers: [String: GatewayAnswer] = [:]
    var charges: [Charge] = []
    var calls = 0
    /// Charges that were declined.
    var failures: [Charge] = []
    var lists = 0
    /// So many lookups find nothing.
    var lookupsBehind = 0
    /// Every request is a new one.
    var ignoresKeys = false
    /// An answer has repeated a request's key; `false`: the gateway is new to us.
    var hasRepeatedKey = true
    var listFault: GatewayListFault?
    /// By account: what happens instead, first come first served.
    var scripted: [String: [Fault]] = [:]
    /// Accounts whose calls find no connection.
    var away: Set<String> = []
  }

  enum Fault: Sendable {
    /// Nothing reaches the gateway; the caller knows nothing.
    case lost
    /// The charge is made, its answer is not heard.
    case chargedUnheard
    case answer(GatewayAnswer)
    /// The charge is made, its answer is about something else.
    case chargedDenied
  }

  let books = Mutex(Books())

  var gateway: PaymentGateway {
    PaymentGateway(
      charge: { self.heard(self.charge($0)) }, find: { self.find($0) },
      list: { _, after in try self.list(after: after) },
      payments: { self.payments(of: $0) }, address: "paper",
      keepsKeys: { self.books.withLock { $0.hasRepeatedKey && !$0.ignoresKeys } }, shutdown: {})
  }

  var charges: [Charge] { books.withLock { $0.charges } }
  var calls: Int { books.withLock { $0.calls } }

  func script(_ account: String, _ faults: Fault...) {
    books.withLock { $0.scripted[account, default: []] += faults }
  }

  func away(_ account: String) { _ = books.withLock { $0.away.insert(account) } }
  func back() { books.withLock { $0.away = [] } }

  private func heard(_ answer: GatewayAnswer) -> GatewayAnswer {
    switch answer {
    case .unknown, .unreachable: break
    default: books.withLock { $0.hasRepeatedKey = true }
    }
    return answer
  }

  private func charge(_ request: ChargeRequest) -> GatewayAnswer {
    books.withLock { books in
      books.calls += 1
      if books.away.contains(request.account) { return .unreachable("connection refused") }
      if !books.ignoresKeys, let known = books.answers[request.key] { return known }
      if var faults = books.scripted[request.account], !faults.isEmpty {
        let fault = faults.removeFirst()
        books.scripted[request.account] = faults
        switch fault {
        case .lost: return .unknown("connection reset")
        case .chargedUnheard:
          execute(request, &books)
          return .unknown("connection reset")
        case .answer(let answer): return answer
        case .chargedDenied:
          execute(request, &books)
          return .implausible("metadata.invoice is not our invoice")
        }
      }
      return execute(request, &books)
    }
  }

  @discardableResult
  private func execute(_ request: ChargeRequest, _ books: inout Books) -> GatewayAnswer {
    let answer: GatewayAnswer
    switch request.paymentMethod {
    case "pm_card_visa_chargeDeclinedInsufficientFunds":
      answer = .declined(gatewayID: nil, code: "insufficient_funds")
    case "pm_card_visa_chargeDeclinedLostCard":
      answer = .declined(gatewayID: nil, code: "lost_card")
    default:
      let id = "pi_\(books.charges.count + 1)"
      books.charges.append(
        Charge(
          id: id, invoice: request.invoice, account: request.account,
          amountMinor: request.amountMinor, attempt: request.attempt))
      answer = .succeeded(gatewayID: id)
    }
    if case .declined = answer {
      books.failures.append(
        Charge(
          id: "pi_f\(books.failures.count + 1)", invoice: request.invoice,
          account: request.account, amountMinor: request.amountMinor, attempt: request.attempt,
          state: .failed))
    }
    books.answers[request.key] = answer
    books.answers["found \(request.invoice) \(request.attempt)"] = answer
    return answer
  }

  private func payments(of invoice: String) -> GatewayPayments {
    books.withLock { books in
      .made(books.charges.filter { $0.invoice == invoice }.map(\.listed))
    }
  }

  /// Forgets the keys, as a gateway does after a day. What was made is still found.
  func forgetKeys() {
    books.withLock { books in
      books.answers = books.answers.filter { $0.key.hasPrefix("found ") }
    }
  }

  /// Newest first, two on a page.
  private func list(after: String?) throws -> GatewayChargePage {
    try books.withLock { books in
      books.lists += 1
      if let fault = books.listFault { throw fault }
      let all = (books.failures + books.charges).reversed().map(\.listed)
      let start = all.firstIndex { $0.id == after }.map { $0 + 1 } ?? 0
      return GatewayChargePage(
        charges: Array(all[start...].prefix(2)), hasMore: all.count > start + 2)
    }
  }

  private func find(_ request: ChargeRequest) -> GatewayLookup {
    books.withLock { books in
      if books.away.contains(request.account) { return .unreachable("connection refused") }
      if books.lookupsBehind > 0 {
        books.lookupsBehind -= 1
        return .notFound
      }
      guard let answer = books.answers["found \(request.invoice) \(request.attempt)"]
      else { return .notFound }
      return .found(answer)
    }
  }
}

extension PaperGateway.Charge {
  var listed: GatewayCharge {
    GatewayCharge(
      id: id.replacing("pi_", with: "ch_"), payment: id, invoice: invoice, attempt: attempt,
      amountMinor: amountMinor, refundedMinor: refundedMinor, currency: currency, state: state)
  }
}

/// A mail server on paper.
final class PaperPost: Sendable {
  struct Box: Sendable {
    var sent: [OutgoingMail] = []
    var next: [MailAnswer] = []
    /// What else it says, instead of taking the mail.
    var rule: @Sendable (OutgoingMail) -> MailAnswer = { _ in .accepted }
    var calls = 0
  }
  let box = Mutex(Box())

  var server: MailServer {
    MailServer(
      deliver: { mails, calls in
        for (index, mail) in mails.enumerated() where calls.mayLeave(index) {
          let answer = self.box.withLock { box in
            box.calls += 1
            let answer = box.next.isEmpty ? box.rule(mail) : box.next.removeFirst()
            if answer == .accepted || answer == .uncertain("cut") { box.sent.append(mail) }
            return answer
          }
          calls.heard(index, answer)
        }
      }, shutdown: {})
  }

  var sent: [OutgoingMail] { box.withLock { $0.sent } }

  func says(_ rule: @escaping @Sendable (OutgoingMail) -> MailAnswer) {
    box.withLock { $0.rule = rule }
  }
}
