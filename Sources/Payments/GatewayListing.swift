import Billing

/// A page of `GET /v1/charges`.
struct ChargeListReply: Decodable {
  struct Charge: Decodable {
    var id: String
    var amount: Int64
    var amountRefunded: Int64?
    var currency: String
    var status: String
    var paymentIntent: String?
    var created: Int64?
    var metadata: [String: String]?

    enum CodingKeys: String, CodingKey {
      case id, amount, currency, status, created, metadata
      case amountRefunded = "amount_refunded"
      case paymentIntent = "payment_intent"
    }
  }

  var data: [Charge]
  var hasMore: Bool

  enum CodingKeys: String, CodingKey {
    case data
    case hasMore = "has_more"
  }
}

extension ChargeListReply.Charge {
  /// Throws for anything in it that cannot be trusted.
  func charge() throws(GatewayListFault) -> GatewayCharge {
    guard GatewayText.isID(id), amount >= 0, let state = GatewayCharge.State(rawValue: status)
    else {
      throw .unreadable("a charge without an id, with a negative amount or an unknown status")
    }
    return GatewayCharge(
      id: id, payment: paymentIntent, invoice: metadata?["invoice"],
      attempt: metadata?["attempt"].flatMap { Self.attempt($0) },
      amountMinor: try minor(amount), refundedMinor: try minor(amountRefunded ?? 0),
      currency: currency.uppercased(), state: state, createdAt: created.flatMap(Self.time))
  }

  /// Only what the charger itself writes; anything else is not one of our attempts.
  private static func attempt(_ text: String) -> Int? {
    guard let number = Int(text), 1...1_000_000 ~= number, text == String(number) else {
      return nil
    }
    return number
  }

  private static func time(_ seconds: Int64) -> Instant? {
    0...253_402_300_799 ~= seconds ? Instant(milliseconds: seconds * 1000) : nil
  }

  /// In our minor units. An amount in an unknown currency, or from another program, stays as the
  /// gateway has it: it is credited to no invoice.
  private func minor(_ number: Int64) throws(GatewayListFault) -> Int64 {
    let currency: Currency
    do { currency = try Currency(self.currency.uppercased()) } catch { return number }
    let amount = GatewayCurrencies.stripe.amountMinor(of: number, currency)
    if let amount, Money.isWithinLimit(amount) { return amount }
    if metadata?["invoice"] == nil { return number }
    let code = GatewayText.code(self.currency)
    throw .unreadable("charge \(id) is for \(number) \(code), which is not a valid amount")
  }
}

extension GatewayForm {
  static func charges(since: Instant, after: String?) -> String {
    var fields = [("limit", "100"), ("created[gte]", String(since.milliseconds / 1000))]
    if let after { fields.append(("starting_after", after)) }
    return encode(fields)
  }
}

extension GatewayClient {
  func list(
    since: Instant, after: String?
  ) async throws(GatewayListFault) -> GatewayChargePage {
    try await page(GatewayForm.charges(since: since, after: after))
  }

  func page(_ query: String) async throws(GatewayListFault) -> GatewayChargePage {
    let reply: GatewayReply
    do {
      reply = try await exchange.get(
        "/v1/charges", query: query,
        largest: GatewayExchange.largestList)
    } catch {
      throw error.listFault
    }
    switch reply.status {
    case 200: break
    case 401, 403:
      if case .unreachable(let why) = reply.refusedKey { throw .unreachable(why) }
      throw .unauthorized(status: reply.status)
    case 404 where reply.isOwnError: throw .unlisted
    default: throw .unreachable("status \(reply.status)")
    }
    guard let page = reply.decoded(ChargeListReply.self) else {
      throw .unreadable("the answer is not the JSON of a list of charges")
    }
    var charges: [GatewayCharge] = []
    for listed in page.data { charges.append(try listed.charge()) }
    if page.hasMore && charges.isEmpty {
      throw .unreadable("an empty page that announces more pages")
    }
    return GatewayChargePage(charges: charges, hasMore: page.hasMore)
  }
}

extension GatewayExchange.Fault {
  fileprivate var listFault: GatewayListFault {
    switch self {
    case .oversized: .unreadable("a page is longer than 4 MiB")
    case .untrusted(let why), .unreachable(let why), .lost(let why): .unreachable(why)
    }
  }
}
