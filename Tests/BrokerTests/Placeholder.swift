import Testing
@Suite struct PlaceholderBrokerTests { @Test func nothing() {} }
