import Testing
@Suite struct PlaceholderBillingTests { @Test func nothing() {} }
