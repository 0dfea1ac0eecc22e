import Billing
import Synchronization

@testable import Pipeline

/// A gateway on paper: Stripe's idempotency over a dictionary, and answers on demand.
final class PaperGateway: Sendable {
  struct Charge: Sendable, Equatable {
    var id: String
    var invoice: String
    var account: String
    var amountMinor: Int64
    var attempt = 1
  }

  struct Books: Sendable {
    var answers: [String: GatewayAnswer] = [:]
    var charges: [Charge] = []
    var calls = 0
    /// By account: what happens instead, first come first served.
    var scripted: [String: [Fault]] = [:]
  }

  enum Fault: Sendable {
    /// Nothing reaches the gateway; the caller knows nothing.
    case lost
    /// The charge is made, its answer is not heard.
    case chargedUnheard
    case answer(GatewayAnswer)
  }

  let books = Mutex(Books())

  var gateway: PaymentGateway {
    PaymentGateway(
      charge: { self.charge($0) }, find: { self.find($0) },
      list: { _, after in self.list(after: after) }, shutdown: {})
  }

  var charges: [Charge] { books.withLock { $0.charges } }
  var calls: Int { books.withLock { $0.calls } }

  func script(_ account: String, _ faults: Fault...) {
    books.withLock { $0.scripted[account, default: []] += faults }
  }

  private func charge(_ request: ChargeRequest) -> GatewayAnswer {
    books.withLock { books in
      books.calls += 1
      if let known = books.answers[request.key] { return known }
      if var faults = books.scripted[request.account], !faults.isEmpty {
        let fault = faults.removeFirst()
        books.scripted[request.account] = faults
        switch fault {
        case .lost: return .unknown("connection reset")
        case .chargedUnheard:
          execute(request, &books)
          return .unknown("connection reset")
        case .answer(let answer): return answer
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
      answer = .declined(gatewayID: nil, code: "insufficient_funds", hard: false)
    case "pm_card_visa_chargeDeclinedLostCard":
      answer = .declined(gatewayID: nil, code: "lost_card", hard: true)
    default:
      let id = "pi_\(books.charges.count + 1)"
      books.charges.append(
        Charge(
          id: id, invoice: request.invoice, account: request.account,
          amountMinor: request.amountMinor, attempt: request.attempt))
      answer = .succeeded(gatewayID: id)
    }
    books.answers[request.key] = answer
    return answer
  }

  /// Newest first, two on a page.
  private func list(after: String?) -> GatewayChargePage {
    books.withLock { books in
      let all = books.charges.reversed().map { charge in
        GatewayCharge(
          id: charge.id.replacing("pi_", with: "ch_"), payment: charge.id, invoice: charge.invoice,
          attempt: charge.attempt, amountMinor: charge.amountMinor, currency: "CHF",
          state: .succeeded)
      }
      let start = all.firstIndex { $0.id == after }.map { $0 + 1 } ?? 0
      return GatewayChargePage(
        charges: Array(all[start...].prefix(2)), hasMore: all.count > start + 2)
    }
  }

  private func find(_ request: ChargeRequest) -> GatewayLookup {
    books.withLock { books in
      guard let answer = books.answers[request.key] else { return .notFound }
      return .found(answer)
    }
  }
}

/// A mail server on paper.
final class PaperPost: Sendable {
  struct Box: Sendable {
    var sent: [OutgoingMail] = []
    var next: [MailAnswer] = []
  }
  let box = Mutex(Box())

  var server: MailServer {
    MailServer(
      send: { mails in
        mails.map { mail in
          self.box.withLock { box in
            let answer = box.next.isEmpty ? .accepted : box.next.removeFirst()
            if answer == .accepted || answer == .uncertain("cut") { box.sent.append(mail) }
            return answer
          }
        }
      }, shutdown: {})
  }

  var sent: [OutgoingMail] { box.withLock { $0.sent } }
}
