/// One page of a search for payments.
struct GatewaySearchReply: Decodable {
  var data: [PaymentIntentReply]
  var hasMore: Bool
  var nextPage: String?

  enum CodingKeys: String, CodingKey {
    case data
    case hasMore = "has_more"
    case nextPage = "next_page"
  }
}

extension [PaymentIntentReply] {
  /// The combined result of the payments found for one attempt. There should be at most one; a
  /// succeeded one outranks a newer failed one, and two succeeded ones are for a person to look at.
  func lookup(for request: ChargeRequest) -> GatewayLookup {
    guard allSatisfy(\.isPayment) else { return .unknown("the search returned a non-payment") }
    guard allSatisfy({ $0.isAbout(request) }) else {
      return .unknown("the search returned payments for another invoice")
    }
    let succeeded = filter { $0.status == "succeeded" }
    if succeeded.count > 1 {
      return .found(.implausible("\(succeeded.count) succeeded payments for one attempt"))
    }
    guard let best = succeeded.first ?? self.max(by: { ($0.created ?? 0) < ($1.created ?? 0) })
    else { return .notFound }
    return .found(best.answer(to: request))
  }
}
